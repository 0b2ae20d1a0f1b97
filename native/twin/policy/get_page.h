/* A pin is a plain reference: assembly/mm/policy/get_page.ts. */
#include "no_file.h"
#include "plain_reference.h"
