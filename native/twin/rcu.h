/*
 * Interrupts off as a read-side section, and the seqcount that fork marks its passage in:
 * assembly/lib/rcu.ts and seqlock.ts.
 */
#ifndef TWIN_RCU_H
#define TWIN_RCU_H

#include "atomic.h"
#include "types.h"

#include <stdbool.h>

/*
 * Linux turns interrupts off with an instruction that orders nothing, and whoever frees page tables
 * sends an interrupt, which does. Its counterpart here is a plain increment that only the compiler
 * must leave in its place.
 */
static inline void irq_seq_advance(void)
{
#ifdef ORDER_KERNEL
	atomic_signal_fence(memory_order_seq_cst);
	this_cpu_add(&this_cpu_area->irq_seq, 1);
	atomic_signal_fence(memory_order_seq_cst);
#else
	cell_fetch_add(&this_cpu_area->irq_seq, 1);
#endif
}

static inline void local_irq_save(void)
{
	irq_seq_advance();
}

static inline void local_irq_restore(void)
{
	irq_seq_advance();
}

static inline bool read_seqcount_retry(_Atomic uint32_t *sequence, uint32_t start)
{
#ifdef ORDER_KERNEL
	atomic_thread_fence(memory_order_acquire);
#endif
	return cell_load(sequence) != start;
}

#endif
