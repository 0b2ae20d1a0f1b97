import { PROT_EXEC, PROT_READ, PROT_WRITE, MAP_SHARED } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';
import { describeVma, vmasOf, type VmaInfo } from './maps.js';
import { mmOf } from './page-table.js';

/** The column in which names begin. */
const NAME_COLUMN = 73;
/** Files lie in the kernel's own tmpfs, which no one mounts (Linux: shm_mnt). */
const FILE_DEVICE = '00:01';
const NO_DEVICE = '00:00';

/** The mappings of a task as text (Linux: fs/proc/task_mmu.c, show_map_vma). */
export function procMapsOf(views: CoreViews, task: number): string {
  return [...vmasOf(views, mmOf(views, task))].map((vma) => `${mapsLine(views, vma)}\n`).join('');
}

/** One line of /proc/PID/maps, without its end. */
export function mapsLine(views: CoreViews, vma: number): string {
  const info = describeVma(views, vma);
  const file = views.read('Vma', 'vmFile', vma);
  const ino = file === 0 ? 0 : views.read('Inode', 'iIno', views.read('File', 'inode', file));
  const device = file === 0 ? NO_DEVICE : FILE_DEVICE;
  const range = `${hex8(info.start)}-${hex8(info.end)}`;
  const prefix = `${range} ${permissions(info)} ${hex8(info.offset)} ${device} ${ino} `;
  return info.name === '' ? prefix : prefix.padEnd(NAME_COLUMN) + escaped(info.name);
}

function permissions({ prot, flags }: VmaInfo): string {
  const letter = (bit: number, name: string) => ((prot & bit) !== 0 ? name : '-');
  const shared = flags === MAP_SHARED ? 's' : 'p';
  return letter(PROT_READ, 'r') + letter(PROT_WRITE, 'w') + letter(PROT_EXEC, 'x') + shared;
}

/** A name must not break the line (Linux: seq_path with "\n"). */
function escaped(name: string): string {
  return name.replaceAll('\n', '\\012');
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}
