// What TypeScript must know of the core: the structs in linear memory, and constants.
import ts from 'typescript';
import { docOf, hasDecorator, hasModifier, lineOf, parse } from './assembly-source.mjs';
import { scannedFiles, shown } from './paths.mjs';

/** Bytes of a field by its declared type. Everything else is a class, so a pointer. */
const SIZES = { bool: 1, i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4 };
const WIDE_SIZES = { i64: 8, u64: 8, f64: 8 };
const POINTER_SIZE = 4;

/** Types of a constant that crosses the boundary as a number. */
const NUMBERS = new Set(['usize', 'isize', ...Object.keys(SIZES), ...Object.keys(WIDE_SIZES)]);

/** The size of a field of this declared type, in bytes. */
export function sizeOfType(type) {
  return SIZES[type] ?? WIDE_SIZES[type] ?? POINTER_SIZE;
}

/**
 * Scans the files. `structs`: { name, path, doc, base, fields: [{ storage, name, type }] }, where
 * `storage` is the field's name in the source and `name` lacks the underscore of a storage field;
 * `constants`: { name, path, type, doc }; `enums`: { name, path, doc, members }.
 * Throws when a name is declared twice, since all of them share one generated file.
 */
export function scan() {
  const found = { structs: [], constants: [], enums: [] };
  const places = new Map();
  for (const path of scannedFiles()) {
    const source = parse(path);
    for (const statement of source.statements) {
      for (const [kind, item] of declarationsIn(source, statement, path)) {
        const place = `${shown(path)}:${lineOf(source, statement)}`;
        const earlier = places.get(item.name);
        if (earlier !== undefined) {
          throw new Error(`${place}: ${item.name} is already declared in ${earlier}`);
        }
        places.set(item.name, place);
        found[kind].push(item);
      }
    }
  }
  inherit(found.structs);
  return found;
}

function* declarationsIn(source, statement, path) {
  if (!hasModifier(statement, ts.SyntaxKind.ExportKeyword)) return;
  const doc = docOf(source, statement);
  if (ts.isClassDeclaration(statement) && isStruct(statement)) {
    const name = statement.name.text;
    const base = statement.heritageClauses?.[0]?.types[0]?.expression.getText(source);
    const fields = statement.members.filter(isField).map((member) => field(source, member));
    yield ['structs', { name, path, doc, base, fields }];
  } else if (ts.isEnumDeclaration(statement)) {
    const members = statement.members.map((member) => member.name.getText(source));
    yield ['enums', { name: statement.name.text, path, doc, members }];
  } else if (ts.isVariableStatement(statement) && isConst(statement)) {
    for (const declaration of statement.declarationList.declarations) {
      const type = declaration.type?.getText(source);
      if (NUMBERS.has(type)) {
        yield ['constants', { name: declaration.name.getText(source), path, type, doc }];
      }
    }
  }
}

/** A class over linear memory. A generic one (such as a cell) has no size of its own. */
const isStruct = (node) => hasDecorator(node, 'unmanaged') && node.typeParameters === undefined;
const isConst = (node) => (node.declarationList.flags & ts.NodeFlags.Const) !== 0;
const isField = (member) =>
  ts.isPropertyDeclaration(member) && !hasModifier(member, ts.SyntaxKind.StaticKeyword);

function field(source, member) {
  const storage = member.name.getText(source);
  const type = (member.type?.getText(source) ?? '').replace(/\s*\|\s*null$/, '');
  return { storage, name: storage.replace(/^_/, ''), type };
}

/** A derived struct begins with the fields of its base. */
function inherit(structs) {
  const byName = new Map(structs.map((struct) => [struct.name, struct]));
  const complete = (struct) => {
    const base = byName.get(struct.base);
    if (base !== undefined) struct.fields = [...complete(base), ...struct.fields];
    struct.base = undefined;
    return struct.fields;
  };
  for (const struct of structs) complete(struct);
}
