/**
 * A page that was just made waits in its CPU's LRU batch, which holds a reference to it. A sealer on
 * another CPU that does not drain the batch takes the page for pinned, until it gives up.
 */
import { F_ADD_SEALS, F_SEAL_WRITE, MFD_ALLOW_SEALING, attempt, scenario } from 'mmemu';

export default scenario({
  name: 'seal.false_busy',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['seal.false_busy'] },
  setup(machine) {
    const process = machine.spawn();
    return { process, fd: process.memfdCreate('buf', MFD_ALLOW_SEALING) };
  },
  cpus: {
    *writer({ process, fd }, cpu) {
      const written = yield* attempt(cpu.on(process).write(fd, Uint8Array.of(1)));
      cpu.outcome(written.ok ? 'written' : written.error.code);
    },
    *sealer({ process, fd }, cpu) {
      const sealed = yield* attempt(cpu.on(process).fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
      cpu.assert(sealed.ok, 'nobody could write to the file, and it was not sealed');
    },
  },
});
