/** What a module has that matters when it is instantiated once per worker. */
export interface ModuleFacts {
  start: boolean;
  data: boolean;
  mutableGlobals: number;
  imports: string[];
}
export function inspectModule(bytes: Uint8Array): ModuleFacts;
