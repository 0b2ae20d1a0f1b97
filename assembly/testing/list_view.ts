import { ListHead } from '../lib/list';

/** ListHead.init. */
export function listInit(link: ListHead): void {
  link.init();
}

/** ListHead.isEmpty. */
export function listIsEmpty(head: ListHead): bool {
  return head.isEmpty;
}

/** ListHead.add. */
export function listAdd(head: ListHead, entry: ListHead): void {
  head.add(entry);
}

/** ListHead.addTail. */
export function listAddTail(head: ListHead, entry: ListHead): void {
  head.addTail(entry);
}

/** ListHead.del. */
export function listDel(link: ListHead): void {
  link.del();
}
