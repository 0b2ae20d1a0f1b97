/**
 * Types of the part of as-bind 0.8.2 that is used here. The package ships none of its own
 * (its d.ts declares `any`).
 */

/** A module that has been instantiated; its exports take and return strings and typed arrays. */
export interface AsBindInstance<Exports> {
  /**
   * The module's exported functions. A typed array that one of them returns is a view of the
   * module's memory, valid until the next call: copy it at once.
   */
  readonly exports: Exports;
}

/** Compiles and instantiates a module that was built with as-bind's transform. */
export declare function instantiate<Exports>(
  source: BufferSource | Response | PromiseLike<BufferSource | Response>,
  imports?: WebAssembly.Imports,
): Promise<AsBindInstance<Exports>>;
