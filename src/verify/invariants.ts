/** What must hold at a quiet moment, by the names that violations carry. */
export const INVARIANTS = {
  // the machine
  machine: 'the machine is what it was booted as',
  quiet: 'no CPU is in a call, waits, or has interrupts off',
  'lock-free': 'no lock is held, and no sequence count is odd',
  'gather-empty': 'no page or page table waits to be freed',
  counter: 'a counter is what a count of its things gives',
  // structures
  list: 'the links of a list point to one another',
  tree: 'a tree is balanced, and its nodes point to one another',
  'tree-order': 'the nodes of a tree are in order',
  'tree-subtree': 'a node knows the right things about its subtree',
  'xarray-node': 'a node of an xarray has the right place, count and marks',
  object: 'a pointer names a live object of its kind',
  // the memory of the kernel itself
  'kernel-pages': 'kernel pages are free or used, and counted',
  'kernel-page-zero': 'a free kernel page is all zeros',
  'kernel-page-owner': 'a kernel page in use has one owner',
  'slab-free-list': 'objects on the lists of a cache are objects of it, each once, and counted',
  'slab-alive': 'objects that a cache has given out are in use',
  // frames
  'frame-state': 'a frame is on one free list, or in use',
  'free-list': 'blocks on the free lists are aligned, joined and counted',
  'free-page': 'nobody refers to a free page',
  'page-owner': 'a page in use has an owner',
  refcount: 'the reference count is what owners hold',
  mapcount: 'the map count is the number of page-table entries',
  pincount: 'the pins that a page shows are those that live',
  'pin-exclusive': 'a private page that is pinned and mapped is its process’s own',
  rmap: 'the reverse map finds every page-table entry',
  'page-flags': 'no page is locked or waited for; exclusive pages are anonymous and mapped once',
  'page-mapping': 'a page names the file or the anon_vma that it belongs to',
  'zero-page': 'the zero page is never mapped as a page, never freed and never written',
  // LRU lists
  'lru-batch': "a CPU's batches hold pages, each once, in the slots that it has filled",
  'lru-list': 'a page is on the LRU list that its flags say, and on no other',
  'lru-member': 'a page of a process or of a file is on an LRU list, or on its way to one',
  // address spaces
  mm: 'an address space is counted as it is',
  vma: 'VMAs are page aligned, disjoint, and within the address space',
  'page-table': 'an upper entry names a page table of the level below, of this mm alone',
  'pte-in-vma': 'a page-table entry lies within a VMA',
  'pte-target': 'a page-table entry names a frame that is in use',
  'pte-access': 'a page-table entry allows what its VMA allows',
  'pte-exclusive': 'a private page can be written only where nobody shares it',
  'pte-mapping': 'a page-table entry maps the page that its VMA means',
  'pte-guard': 'a guard lies in a VMA that is known to have some',
  'pte-beyond-end': 'no entry maps what lies beyond the end of the file',
  'anon-vma': 'chains join VMAs and anon_vmas both ways',
  // swap
  'swap-device': 'the slots of the swap device are free or in use, and counted',
  'swap-count': 'a slot is counted by the entries that name it',
  'swap-cache': 'a page of the swap cache and its slot name each other',
  // files
  'file-count': 'an open file is counted by its descriptors and mappings',
  'inode-count': 'an inode is counted by its open files',
  'i-mmap': 'i_mmap holds exactly the VMAs that map the file',
  'i-mmap-writable': 'i_mmap_writable counts those that may write, or says that none may',
  'pin-counters': 'the counters of a file add up to the pins that live',
  'page-cache': 'a page of the cache points back to its place',
  seal: 'what a seal forbids is not there',
  path: 'a path of the tmpfs finds one file, and every file that says so has a path',
  pipe: 'a pipe knows its ends, and its buffers are bytes of pages in use',
} as const;

/** The name of an invariant. */
export type Invariant = keyof typeof INVARIANTS;
