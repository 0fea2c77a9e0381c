import { failed } from '../errors.ts';
import { type GoPackage, stringValue } from '../go/package.ts';
import { around, type GoNode, lineOf, within } from '../go/syntax.ts';
import { folder } from './line.ts';
import { patternText, type RoutePattern } from './pattern.ts';

/**
 * Refuses a route whose pattern stands anywhere in the package as a text: for tables that are put together in ways
 * which are not followed, where every route may be one.
 * @throws CliError (exit code 1) with the place
 */
export function refusePattern(route: RoutePattern, { files }: GoPackage): void {
  const pattern = patternText(route);
  for (const file of files) {
    const texts = within(file.root, 'interpreted_string_literal', 'raw_string_literal');
    const found = texts.find((node) => stringValue(node) === pattern && !isMounted(node));
    if (found === undefined) continue;
    throw failed(
      `${folder}/${file.name}:${lineOf(found)} has the route ${pattern} already. Nothing was written.`,
    );
  }
}

/** Whether a ServeMux is given the pattern directly, as the one on the admin port is. */
function isMounted(node: GoNode): boolean {
  const call = around(node, 'call_expression');
  return /\.Handle(?:Func)?$/.test(call?.childForFieldName('function')?.text ?? '');
}

/** The handler that was written for this route before, as its comment says. */
export function writtenHandler(
  route: RoutePattern,
  { files }: GoPackage,
): { handler: string; path: string } | undefined {
  for (const { name, text } of files) {
    for (const [, handler, said] of text.matchAll(/^\/\/ (\w+) answers (.+?) with 501 .*\r?\nfunc \1\(/gm)) {
      if (said === patternText(route)) return { handler: handler!, path: `${folder}/${name}` };
    }
  }
  return undefined;
}
