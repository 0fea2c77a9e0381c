/** The part of the engine's WebAssembly that is used here; TypeScript knows all of it only together with a browser's DOM. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: unknown;
  }
}

/** A compiled kernel, of which several may be started. */
export type KernelModule = WebAssembly.Module;

/** Compiles a kernel from its bytes as base64, which `npm run golden` writes into `*-wasm.ts`. Throws when it is none. */
export function compileKernel(base64: string): KernelModule {
  return new WebAssembly.Module(Buffer.from(base64, 'base64'));
}

/** Starts a kernel with memory of its own; `E` says what its source in `assembly/` exports, `env` what it imports. */
export function startKernel<E>(kernel: KernelModule, env: Record<string, unknown> = {}): E {
  return new WebAssembly.Instance(kernel, { env }).exports as E;
}
