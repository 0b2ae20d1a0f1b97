/**
 * Case files to plain scripts. A header `case NAME with x in A B with y in C D` stands for one case
 * per combination, with $x and $y replaced in the name and in the lines. The interpreter itself
 * knows no variables, so that a recorded fixture shows each call as it was made.
 */

/** Splits a case file into its headers and lines, without comments and blank lines. */
function parse(text) {
  const cases = [];
  for (const raw of text.split('\n')) {
    const line = raw.replace(/#.*$/, '').trim();
    if (line === '') continue;
    if (line.startsWith('case ')) {
      cases.push({ header: line.slice('case '.length), lines: [] });
      continue;
    }
    const current = cases.at(-1);
    if (!current) throw new Error(`line before the first case: ${line}`);
    current.lines.push(line);
  }
  return cases;
}

/** Every assignment of the variables of a header, the last one running fastest. */
function combinations(clauses) {
  let assignments = [{}];
  for (const clause of clauses) {
    const [name, word, ...values] = clause.split(/\s+/);
    if (word !== 'in' || values.length === 0) throw new Error(`bad clause: with ${clause}`);
    assignments = assignments.flatMap((done) =>
      values.map((value) => ({ ...done, [name]: value })),
    );
  }
  return assignments;
}

function substitute(text, assignment) {
  return text.replace(/\$([a-z]+)/g, (_, name) => {
    if (assignment[name] === undefined) throw new Error(`$${name} has no value in: ${text}`);
    return assignment[name];
  });
}

/** The plain cases of one case file: `{ name, lines }[]`. Names must be unique. */
export function expand(text) {
  const names = new Set();
  const plain = [];
  for (const { header, lines } of parse(text)) {
    const [title, ...clauses] = header.split(/\s+with\s+(?=[a-z]+ in )/);
    for (const assignment of combinations(clauses)) {
      const name = substitute(title, assignment);
      if (names.has(name)) throw new Error(`two cases are named "${name}"`);
      names.add(name);
      plain.push({ name, lines: lines.map((line) => substitute(line, assignment)) });
    }
  }
  return plain;
}

/** The text that the interpreter reads. */
export function toScript(cases) {
  return cases.map(({ name, lines }) => [`case ${name}`, ...lines, 'end', ''].join('\n')).join('');
}
