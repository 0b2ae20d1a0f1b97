/*
 * Atomic accesses by the names of assembly/lib/atomic.ts. By default each is sequentially
 * consistent, which is all that WebAssembly has. With ORDER_KERNEL each has the order that its name
 * says, as in Linux; on x86 that changes the stores and the interrupt flag (rcu.h), no load and no
 * read-modify-write.
 */
#ifndef TWIN_ATOMIC_H
#define TWIN_ATOMIC_H

#include <stdatomic.h>

#ifdef ORDER_KERNEL
#define ORDER_RELAXED memory_order_relaxed
#define ORDER_ACQUIRE memory_order_acquire
#else
#define ORDER_RELAXED memory_order_seq_cst
#define ORDER_ACQUIRE memory_order_seq_cst
#endif

#define cell_load(cell) atomic_load_explicit(cell, ORDER_RELAXED)
#define cell_load_acquire(cell) atomic_load_explicit(cell, ORDER_ACQUIRE)
#define cell_add(cell, delta) ((void)atomic_fetch_add_explicit(cell, delta, ORDER_RELAXED))
#define cell_sub(cell, delta) ((void)atomic_fetch_sub_explicit(cell, delta, ORDER_RELAXED))
#define cell_or(cell, mask) ((void)atomic_fetch_or_explicit(cell, mask, ORDER_RELAXED))
#define cell_fetch_add(cell, delta) atomic_fetch_add_explicit(cell, delta, memory_order_seq_cst)
#define cell_fetch_sub(cell, delta) atomic_fetch_sub_explicit(cell, delta, memory_order_seq_cst)
#define cell_fetch_or(cell, mask) atomic_fetch_or_explicit(cell, mask, memory_order_seq_cst)

/* Stores `desired` if the cell is `*seen`, else puts the value found there; true if it stored. */
#define cell_cmpxchg(cell, seen, desired)                                                          \
	atomic_compare_exchange_strong_explicit(cell, seen, desired, memory_order_seq_cst,         \
						ORDER_RELAXED)

/* A plain access in both modes: nobody else acts upon the cell meanwhile. */
#define cell_init(cell, value) atomic_store_explicit(cell, value, memory_order_relaxed)
#define cell_plain(cell) atomic_load_explicit(cell, memory_order_relaxed)

/* A counter that only this CPU writes (Linux: this_cpu_add). */
#define this_cpu_add(cell, delta) cell_init(cell, cell_plain(cell) + (delta))

#endif
