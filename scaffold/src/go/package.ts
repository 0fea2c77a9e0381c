import { around, bare, type GoFile, type GoNode, parts, within } from './syntax.ts';

/** One import of a file: the name it has there and its path. */
export type GoImport = { name: string; path: string; node: GoNode };

/** The Go package that holds the table. */
export type GoPackage = {
  name: string;
  /** Path of the module that it is part of. */
  module: string;
  files: readonly GoFile[];
  /** The test files of the same package, not those of NAME_test. */
  tests: readonly GoFile[];
};

/** A field of a struct with its type as it is written. */
export type GoField = { name: string; type: string };

/** A function of the package that is no method: its parameters' types and its declaration. */
export type GoFunction = { parameters: readonly GoField[]; file: GoFile; node: GoNode };

/**
 * The package made of these files; what belongs to another package of the folder is left out.
 * @param files by name
 */
export function goPackage(module: string, files: readonly GoFile[]): GoPackage {
  const nameIn = ({ root }: GoFile) =>
    within(root, 'package_clause')[0]?.namedChildren.find(({ type }) => type === 'package_identifier')?.text;
  const isTest = ({ name }: GoFile) => name.endsWith('_test.go');
  const name =
    files
      .filter((file) => !isTest(file))
      .map(nameIn)
      .find((found) => found !== undefined) ?? '';
  const own = files.filter((file) => nameIn(file) === name || nameIn(file) === undefined);
  return { name, module, files: own.filter((file) => !isTest(file)), tests: own.filter(isTest) };
}

/** The imports of a file; one for its effects only has the name `_`. */
export function importsOf(file: GoFile): GoImport[] {
  return within(file.root, 'import_spec').flatMap((node) => {
    const path = stringValue(node.childForFieldName('path'));
    const name = node.childForFieldName('name')?.text ?? importName(path ?? '');
    return path === undefined ? [] : [{ name, path, node }];
  });
}

/** The name that a package most likely has: the last part of its path that is no major version. */
export function importName(path: string): string {
  const names = path.split('/');
  const last = /^v\d+$/.test(names.at(-1)!) && names.length > 1 ? names.at(-2)! : names.at(-1)!;
  return last.replace(/\.v\d+$/, '').replace(/^go-/, '');
}

/** Every name declared in the package outside functions. */
export function declaredNames({ files, tests }: GoPackage): Set<string> {
  const names = [...files, ...tests].flatMap(({ root }) =>
    parts(root).flatMap((declaration) =>
      declaration.type === 'function_declaration'
        ? [declaration.childForFieldName('name')]
        : within(declaration, 'type_spec', 'type_alias', 'const_spec', 'var_spec').flatMap((spec) =>
            spec.childrenForFieldName('name'),
          ),
    ),
  );
  return new Set(names.flatMap((name) => (name === null ? [] : [name.text])));
}

/** The struct types of the package by name. */
export function structsOf({ files }: GoPackage): Map<string, { fields: readonly GoField[]; file: GoFile }> {
  const found = new Map<string, { fields: readonly GoField[]; file: GoFile }>();
  for (const file of files) {
    for (const spec of within(file.root, 'type_spec')) {
      const type = spec.childForFieldName('type');
      const name = spec.childForFieldName('name')?.text;
      if (type?.type !== 'struct_type' || name === undefined) continue;
      const fields = within(type, 'field_declaration').flatMap(fieldsOf);
      found.set(name, { fields, file });
    }
  }
  return found;
}

/** `A, B T` is two fields; an embedded one has the name of its type. */
function fieldsOf(node: GoNode): GoField[] {
  const type = node.childForFieldName('type')?.text ?? '';
  const names = node.childrenForFieldName('name').map(({ text }) => text);
  return (names.length > 0 ? names : [type]).map((name) => ({ name, type }));
}

/** The function of this name. */
export function functionOf({ files, tests }: GoPackage, name: string): GoFunction | undefined {
  for (const file of [...files, ...tests]) {
    for (const node of parts(file.root)) {
      if (node.type !== 'function_declaration' || node.childForFieldName('name')?.text !== name) continue;
      return { parameters: parametersOf(node), file, node };
    }
  }
  return undefined;
}

/** The parameters of a function, those of its receiver first. */
export function parametersOf(node: GoNode): GoField[] {
  const lists = [node.childForFieldName('receiver'), node.childForFieldName('parameters')];
  return lists
    .flatMap((list) => (list === null ? [] : within(list, 'parameter_declaration')))
    .flatMap((declaration) => {
      const type = declaration.childForFieldName('type')?.text ?? '';
      const names = declaration.childrenForFieldName('name').map(({ text }) => text);
      return (names.length > 0 ? names : ['_']).map((name) => ({ name, type }));
    });
}

/** The constants and variables of the package by name, as the expressions they are declared with. */
function valuesOf({ files }: GoPackage): Map<string, GoNode> {
  const found = new Map<string, GoNode>();
  for (const spec of files.flatMap(({ root }) => parts(root)).flatMap(specsOf)) {
    const names = spec.childrenForFieldName('name').filter(({ type }) => type === 'identifier');
    const values = spec.childForFieldName('value');
    for (const [at, name] of names.entries()) {
      const value = values === null ? undefined : parts(values)[at];
      if (value !== undefined) found.set(name.text, value);
    }
  }
  return found;
}

/** The constants and variables that can be named at `node`: those of the functions around it stand before the package's. */
export function valuesAt(node: GoNode, pkg: GoPackage): Map<string, GoNode> {
  const outer = around(node, 'function_declaration', 'method_declaration', 'func_literal');
  if (outer === undefined) return valuesOf(pkg);
  const found = valuesAt(outer, pkg);
  const set = new Set<string>();
  const setters = ['short_var_declaration', 'assignment_statement', 'var_spec', 'const_spec', 'range_clause'];
  for (const setter of within(outer, ...setters)) {
    const left = setter.childForFieldName('left');
    const names = left === null ? setter.childrenForFieldName('name') : parts(left);
    const right = setter.childForFieldName(left === null ? 'value' : 'right');
    for (const [at, name] of names.entries()) {
      if (name?.type !== 'identifier') continue;
      const value = right?.type === 'expression_list' ? parts(right)[at] : undefined;
      // What is set twice may be either.
      if (set.has(name.text) || value === undefined) found.delete(name.text);
      else found.set(name.text, value);
      set.add(name.text);
    }
  }
  return found;
}

function specsOf(declaration: GoNode): GoNode[] {
  if (!/^(?:const|var)_declaration$/.test(declaration.type)) return [];
  return within(declaration, 'const_spec', 'var_spec');
}

/** The text that a string literal stands for; undefined for anything else, or when it has escapes JSON has not. */
export function stringValue(node: GoNode | null | undefined): string | undefined {
  if (node === null || node === undefined) return undefined;
  const literal = bare(node);
  if (literal.type === 'raw_string_literal') return literal.text.slice(1, -1).replaceAll('\r', '');
  if (literal.type !== 'interpreted_string_literal') return undefined;
  try {
    return String(JSON.parse(literal.text));
  } catch {
    return undefined;
  }
}
