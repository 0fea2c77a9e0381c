// Compiles what is written in AssemblyScript (`assembly/NAME.ts` of formats, processors and storage) into `NAME-wasm.ts` beside its folder: the
// module as base64 text, so that it is loaded without a file. Run by `npm run golden`; a test holds both together.
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import asc from 'assemblyscript/asc';

const here = import.meta.dirname;

/** Kernels that share formats/kernel-memory.ts, and where the constants of each begin there. */
const SHARED_MEMORY = new Map([
  ['formats/otlp-protobuf/assembly/scan.ts', 0x1_0000],
  ['storage/embedded/assembly/lean.ts', 0x2_0000],
  ['processors/redact/assembly/needles.ts', 0x3_0000],
]);

/** Generated file -> its text, for every source of AssemblyScript. Throws with the compiler's words where one is wrong. */
export async function planAssembly(): Promise<Map<string, string>> {
  const planned = new Map<string, string>();
  for (const source of globSync('{formats,processors,storage}/**/assembly/*.ts', { cwd: here }).sort()) {
    const target = join(here, dirname(dirname(source)), `${basename(source, '.ts')}-wasm.ts`);
    planned.set(target, moduleText(source, await compile(join(here, source), SHARED_MEMORY.get(source))));
  }
  return planned;
}

async function compile(path: string, memoryBase: number | undefined): Promise<Uint8Array> {
  const options = [
    '-O3',
    '--runtime',
    'stub',
    '--noAssert',
    '--enable',
    'simd',
    '--enable',
    'relaxed-simd',
    '--use',
    'abort=',
    ...(memoryBase === undefined ? [] : ['--importMemory', '--memoryBase', String(memoryBase)]),
  ];
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main([basename(path), '--outFile', 'out.wasm', ...options], {
    readFile: (name) => (name === basename(path) ? readFileSync(path, 'utf8') : null),
    writeFile: (_name, contents) => {
      if (contents instanceof Uint8Array) wasm = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined)
    throw new Error(`${path}: ${stderr.toString()}`, { cause: error });
  return wasm;
}

function moduleText(source: string, wasm: Uint8Array): string {
  return `// Compiled from ${source} by \`npm run golden\`; not to be edited.
/** The WebAssembly module, as base64. */
export default '${Buffer.from(wasm).toString('base64')}';
`;
}
