/** The part of the engine's WebAssembly that is used here; TypeScript knows all of it only together with a browser's DOM. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: unknown;
  }
}

/** A compiled kernel, of which several may be started. */
export type KernelModule = WebAssembly.Module;

const PAGE_BYTES = 64 * 1024;

/** Memory of so many bytes, whole pages, that kernels may be started in; it never grows. */
export function startMemory(bytes: number): { readonly buffer: ArrayBuffer } {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/** Compiles a kernel from its bytes as base64, which `npm run golden` writes into `*-wasm.ts`. Throws when it is none. */
export function compileKernel(base64: string): KernelModule {
  return new WebAssembly.Module(Buffer.from(base64, 'base64'));
}

/** Starts a kernel, with memory of its own unless `env` has some; `E` says what its source in `assembly/` exports, `env` what it imports. */
export function startKernel<E>(kernel: KernelModule, env: Record<string, unknown> = {}): E {
  return new WebAssembly.Instance(kernel, { env }).exports as E;
}
