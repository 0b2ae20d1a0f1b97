/**
 * Where every region of the machine lies in the shared memory. Numbers only, each derived from the
 * one before; the whole map is the same for every machine, so every address is a constant and a
 * small machine simply never touches (and never pays for) the upper parts.
 *
 *   0x0000_0000  guard            nothing: a null pointer faults into zeros that nobody wrote
 *   0x0001_0000  machine          struct machine: configuration, panic record, clock
 *   0x0002_0000  per-CPU areas    PERCPU_SIZE for each CPU
 *   0x0020_0000  kdesc            one struct kdesc for each kernel page
 *   0x00a0_0000  written pages    of the explorer alone (lib/written.ts)
 *   0x00e0_1000  races            of the explorer alone (lib/races.ts)
 *   0x0100_0000  mem_map          one struct page for each frame of emulated RAM
 *   0x4100_1000  kernel pages     slabs and page tables: always with contents
 *   0x6100_1000  frame contents   4096 bytes, 8 bytes or nothing a frame
 *   behind them  swap device      16 bytes a slot, then contents as a frame's (mm/swapfile.ts)
 */

export const PAGE_SHIFT: u32 = 12;
export const PAGE_SIZE: u32 = 1 << PAGE_SHIFT;
export const CACHE_LINE: u32 = 64;

export const MACHINE_BASE: usize = 0x0001_0000;
/** What the machine has once, each on cache lines of its own behind struct machine. */
export const KMEM_STATE: usize = MACHINE_BASE + 0x200;
export const INODE_LISTS: usize = MACHINE_BASE + 0x240;
export const MM_LISTS: usize = MACHINE_BASE + 0x280;
export const VEC_LIST: usize = MACHINE_BASE + 0x2c0;
export const SWAP_INFO: usize = MACHINE_BASE + 0x300;
export const SLAB_DEPOTS: usize = MACHINE_BASE + 0x400;
export const ZONE_BASE: usize = MACHINE_BASE + 0x800;
export const LRUVEC_BASE: usize = MACHINE_BASE + 0xc00;

/** As many CPUs as fit between the machine and the kernel-page descriptors. */
export const NR_CPUS_MAX: u32 = 64;
export const PERCPU_BASE: usize = 0x0002_0000;
export const PERCPU_SIZE: usize = 0x7000;

export const KDESC_BASE: usize = 0x0020_0000;
export const KDESC_SIZE: usize = 64;
/** 512 MiB of kernel pages: page tables for 64 GiB take 128 MiB of it. */
export const NR_KPAGES_MAX: u32 = 0x2_0000;

/** A word for each page of the memory that there can be, and the head of a list of them. */
export const WRITTEN_MAP: usize = KDESC_BASE + <usize>NR_KPAGES_MAX * KDESC_SIZE;
export const WRITTEN_HEAD: usize = WRITTEN_MAP + ((<usize>1) << (32 - PAGE_SHIFT)) * 4;
/** The link of the last page in that list: no page has so high a number. */
export const WRITTEN_END: u32 = 0xffff_ffff;

/** What is known of accesses to plain fields: the state, a clock for each CPU, a word for each page
 * below the contents of frames. */
export const RACE_STATE: usize = 0x00e0_1000;
export const RACE_CLOCKS: usize = RACE_STATE + 0x100;
export const RACE_CLOCK_SIZE: usize = 128;
export const RACE_MAP: usize = 0x00e0_4000;

export const MEM_MAP: usize = 0x0100_0000;
export const PAGE_STRUCT_SIZE: usize = 64;
/** 64 GiB of emulated RAM: its mem_map is 1 GiB. */
export const NR_FRAMES_MAX: u32 = 0x100_0000;

/** The zero page: a descriptor and contents right behind those of the last frame of the machine. */
export const NR_EXTRA_FRAMES: u32 = 64;

export const KMEM_BASE: usize =
  MEM_MAP + <usize>(NR_FRAMES_MAX + NR_EXTRA_FRAMES) * PAGE_STRUCT_SIZE;
export const CONTENTS_BASE: usize = KMEM_BASE + ((<usize>NR_KPAGES_MAX) << PAGE_SHIFT);

if (PERCPU_BASE + <usize>NR_CPUS_MAX * PERCPU_SIZE > KDESC_BASE) ERROR('per-CPU areas reach kdesc');
if (WRITTEN_HEAD + 4 > RACE_STATE) ERROR('the map of written pages reaches what is behind it');
if (RACE_CLOCKS + 32 * RACE_CLOCK_SIZE > RACE_MAP) ERROR('the clocks reach the map behind them');
if (RACE_MAP + ((CONTENTS_BASE >> PAGE_SHIFT) << 2) > MEM_MAP) ERROR('the races reach mem_map');
