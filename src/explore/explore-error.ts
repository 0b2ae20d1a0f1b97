/** The oracle that a failure comes from. */
export type FailureKind =
  | 'assertion'
  | 'exception'
  | 'check'
  | 'deadlock'
  | 'livelock'
  | 'data-race'
  | 'use-after-free'
  | 'lock-order'
  | 'seal'
  | 'pin'
  | 'lost-write'
  | 'leak';

/** Where an {@link ExploreError} shows itself. */
export interface ErrorPlace {
  /** The CPU that showed it; -1 for none. */
  readonly cpu?: number;
  /** The step that decides it, and an earlier one that belongs to it. */
  readonly step?: number;
  readonly other?: number;
  /** Schedules of other executions that must come first for this one to show it. */
  readonly earlier?: readonly Uint8Array[];
  /** The same for failures on the same object, whatever the message says of this execution. */
  readonly object?: string;
}

/** A failure of one kind that no scenario threw itself: a deadlock, a use of freed memory ... */
export class ExploreError extends Error {
  override readonly name = 'ExploreError';
  readonly kind: FailureKind;
  readonly place: ErrorPlace;

  constructor(kind: FailureKind, message: string, place: ErrorPlace = {}) {
    super(message);
    this.kind = kind;
    this.place = place;
  }
}
