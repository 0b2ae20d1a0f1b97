/** The time in milliseconds, with fractions: what the host's performance.now() says. */
export declare function now(): f64;
