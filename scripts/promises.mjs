// Explores each promise under each policy that it depends on, and prints a table: to the end, in so
// many executions, or broken, with the schedule that breaks it.
//   --budget N   executions for each, 5000 by default      --json   one JSON document
import { parseArgs } from 'node:util';
import { explore } from 'mmemu';
import { combinations, pinnedPage } from '../scenarios/promises/pinned-page.mjs';
import { pairs, sealedFile } from '../scenarios/promises/sealed-file.mjs';

const { values } = parseArgs({
  options: { budget: { type: 'string', default: '5000' }, json: { type: 'boolean' } },
});
const maxExecutions = Number(values.budget);
if (!(Number.isSafeInteger(maxExecutions) && maxExecutions > 0)) {
  console.error(`promises: --budget: ${values.budget} is no whole number above 0`);
  process.exit(2);
}

const rows = [];
for (const policy of pairs) await add(sealedFile(policy), policy);
for (const [happening, policies] of Object.entries(combinations)) {
  for (const policy of policies) await add(pinnedPage(policy, happening), policy);
}
if (values.json) console.log(JSON.stringify(rows, null, 2));

/** Explores a scenario; its row is printed at once, unless all of them come as one document. */
async function add(scenario, policy) {
  const row = await rowOf(scenario, policy);
  rows.push(row);
  if (!values.json) console.log(textOf(row));
}

/** What the explorer says of a scenario. */
async function rowOf(scenario, policy) {
  const { executions, complete, failure } = await explore(scenario, {
    strategy: 'dpor',
    maxExecutions,
  });
  const broken = failure && {
    error: failure.error.message,
    switches: failure.found.switches,
    schedule: failure.schedule,
  };
  return { promise: scenario.name, policy, executions, complete, broken };
}

function textOf({ promise, policy, executions, complete, broken }) {
  const names = Object.values(policy).join(' + ');
  const seen = `${executions} executions`;
  if (!broken) return `${promise} | ${names} | ${complete ? 'kept' : 'unbroken so far'}, ${seen}`;
  const { error, switches, schedule } = broken;
  const found = `BROKEN after ${seen}, ${switches} switches: ${error}`;
  return `${promise} | ${names} | ${found}\n    ${schedule}`;
}
