import { MEM_MAP, PAGE_MAPPING_ANON, PAGE_STRUCT_SIZE } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';

/** Where the descriptor of a frame lies (Linux: pfn_to_page). */
export function pageAt(pfn: number): number {
  return MEM_MAP + pfn * PAGE_STRUCT_SIZE;
}

/** True for a page of an anonymous mapping (Linux: PageAnon). */
export function isAnonPage(views: CoreViews, pfn: number): boolean {
  return (views.read('Page', 'mapping', pageAt(pfn)) & PAGE_MAPPING_ANON) !== 0;
}

/** How often a frame in use is mapped (Linux: folio_mapcount of one page). */
export function mapcountOf(views: CoreViews, pfn: number): number {
  return views.readSigned('Page', 'mapcount', pageAt(pfn)) + 1;
}
