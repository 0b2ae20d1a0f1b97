/*
 * What a pin counts: the interface of assembly/mm/policy/. gup_fast.c is compiled once for each
 * policy, with POLICY_HEADER naming the header that defines
 *
 *   policy_grab(page, write)           takes the page unless it is free
 *   policy_release(page, write)        gives it back
 *   policy_count_file(page, counted)   counts a write pin in the page's file, unless `counted` is
 *                                      that file: the file, 0 for none, or FILE_REFUSES
 *   policy_uncount_file(mapping)
 */
#ifndef TWIN_POLICY_H
#define TWIN_POLICY_H

#include "../page_ref.h"

#define FILE_REFUSES 1u

#endif
