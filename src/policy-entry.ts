/** One design that a mechanism can follow. */
export interface PolicyValue {
  readonly name: string;
  /** True for what Linux 6.18 does. */
  readonly default: boolean;
  /** One line: what it does. */
  readonly description: string;
  /** Where it comes from: Linux source by file and function, or the discussion that proposed it. */
  readonly source: string;
}

/** A design with the number by which the core knows it. */
export interface PolicyEntry extends PolicyValue {
  readonly code: number;
}
