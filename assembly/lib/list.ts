/**
 * A circular doubly linked list through links that are embedded in structs (Linux: list_head). The
 * head is a link of its own; an empty list's head points at itself. Protected by its user's lock.
 */
@unmanaged
export class ListHead {
  next: ListHead;
  prev: ListHead;

  /** Makes an empty list, or a link that is in none (Linux: INIT_LIST_HEAD). */
  @inline init(): void {
    this.next = this;
    this.prev = this;
  }

  /** True for an empty list (Linux: list_empty). */
  @inline get isEmpty(): bool {
    return changetype<usize>(this.next) == changetype<usize>(this);
  }

  /** Inserts `entry` first (Linux: list_add). */
  add(entry: ListHead): void {
    const next = this.next;
    entry.next = next;
    entry.prev = this;
    next.prev = entry;
    this.next = entry;
  }

  /** Inserts `entry` last (Linux: list_add_tail). */
  addTail(entry: ListHead): void {
    this.prev.add(entry);
  }

  /** Takes this link out of its list (Linux: list_del_init). */
  del(): void {
    this.prev.next = this.next;
    this.next.prev = this.prev;
    this.init();
  }
}

/** The link at `address`. */
export function listAt(address: usize): ListHead {
  return changetype<ListHead>(address);
}

if (offsetof<ListHead>() != 8) ERROR('structs reserve eight bytes for a list link');
