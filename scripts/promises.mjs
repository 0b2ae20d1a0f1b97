// Explores each promise under each policy that it depends on, and prints a table.
import { writeFileSync } from 'node:fs';
import { explore } from 'mmemu';
import { combinations, pinnedPage } from '../scenarios/promises/pinned-page.mjs';
import { pairs, sealedFile } from '../scenarios/promises/sealed-file.mjs';
import { at } from './lib/paths.mjs';
import { commandLine, refuse } from './lib/usage.mjs';

const HELP = `npm run promises -- [options]

Explores each promise under each policy that it depends on, and prints a row for each: kept, in so
many executions, or broken, with the schedule that breaks it. Takes some minutes.

  --budget N   executions for each (default 10000)
  --json       one JSON document
  --show       the minimal interleaving of each that is broken
  --write      docs/PROMISES.md anew
  --help       this text`;

const { values, positionals } = commandLine(HELP, {
  budget: { type: 'string', default: '10000' },
  json: { type: 'boolean' },
  show: { type: 'boolean' },
  write: { type: 'boolean' },
});
if (positionals.length > 0) refuse(`promises: ${positionals[0]} is no option`);
const maxExecutions = Number(values.budget);
if (!(Number.isSafeInteger(maxExecutions) && maxExecutions > 0)) {
  refuse(`promises: --budget: ${values.budget} is no whole number above 0`);
}

const rows = [];
for (const policy of pairs) await add(sealedFile(policy), policy);
for (const [happening, policies] of Object.entries(combinations)) {
  for (const policy of policies) await add(pinnedPage(policy, happening), policy);
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
if (values.write) writeFileSync(at('docs/PROMISES.md'), documentOf(rows));

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
    interleaving: failure.format(),
  };
  return { promise: scenario.name, policy, executions, complete, broken };
}

function textOf({ promise, policy, executions, complete, broken }) {
  const names = Object.values(policy).join(' + ');
  const seen = `${executions} executions`;
  if (!broken) return `${promise} | ${names} | ${complete ? 'kept' : 'unbroken so far'}, ${seen}`;
  const { error, switches, schedule, interleaving } = broken;
  const found = `BROKEN after ${seen}, ${switches} switches: ${error}`;
  const how = values.show ? `\n${interleaving}` : `\n    ${schedule}`;
  return `${promise} | ${names} | ${found}${how}`;
}

/** The table as a page. */
function documentOf(all) {
  const lines = all.map(({ promise, policy, executions, complete, broken }) => {
    const names = Object.entries(policy).map(([axis, name]) => `${axis} \`${name}\``);
    const kept = complete ? 'kept in every interleaving' : 'not broken, not explored to the end';
    const result = broken ? `**broken**: ${broken.error}` : kept;
    const count = broken ? `${broken.switches} switches` : `${executions} executions`;
    return `| ${promise} | ${names.join(', ')} | ${result} | ${count} |`;
  });
  return `# Promises

What seals and pins promise under each policy that it depends on, as \`npm run promises\` finds it:
the explorer runs the core in every interleaving that is not equivalent to another, and either comes
to the end or shows one that breaks the promise. The scenarios are in \`scenarios/promises\`. This
page is written by \`npm run promises -- --write\`; with \`--show\` the command prints the shortest
interleaving of each promise that is broken.

| promise | policies | result | after |
| --- | --- | --- | --- |
${lines.join('\n')}
`;
}
