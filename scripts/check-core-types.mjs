// Type-checks assembly/ with TypeScript. asc checks the types too, but lets anybody use private
// fields. One kind of error is expected: AssemblyScript checks a generic function only where it is
// used, so a member of a bare type parameter is asc's to check.
import ts from 'typescript';
import { at, shown } from './lib/paths.mjs';

const NO_SUCH_PROPERTY = 2339;

const configPath = at('assembly/tsconfig.json');
const { config } = ts.readConfigFile(configPath, ts.sys.readFile);
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, at('assembly'));
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();

const errors = ts.getPreEmitDiagnostics(program).filter((error) => !isMemberOfParameter(error));
const host = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => at(),
  getNewLine: () => '\n',
};
if (errors.length > 0) {
  console.error(ts.formatDiagnostics(errors, host));
  process.exitCode = 1;
}
console.log(`${shown(configPath)}: ${fileNames.length} files, ${errors.length} errors`);

/** True for `node.last` where `node` is of a type parameter that asc will fill in. */
function isMemberOfParameter({ code, file, start }) {
  if (code !== NO_SUCH_PROPERTY || file === undefined) return false;
  let found;
  const visit = (node) => {
    if (start < node.pos || start >= node.end) return;
    if (ts.isPropertyAccessExpression(node) && node.name.getStart(file) === start) found = node;
    ts.forEachChild(node, visit);
  };
  visit(file);
  if (found === undefined) return false;
  const type = checker.getTypeAtLocation(found.expression);
  return (type.flags & ts.TypeFlags.TypeParameter) !== 0;
}
