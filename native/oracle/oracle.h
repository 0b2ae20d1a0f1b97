/*
 * The oracle: runs scripts of system calls against the kernel of this machine and prints its
 * answers as JSON, one line a case. README.md describes the language.
 *
 * Nothing here may call mmap (so no malloc, no stdio in a child): the mappings of a case are to
 * be the only ones in the mmap area, as they are in an emulated process.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_TOKENS 12
#define MAX_NAMES 64
#define NAME_SIZE 32
/* Longest read, write, load or store of one line. */
#define DATA_SIZE (1 << 20)
#define PAGE 4096ul
/* Text of a case, and of its answer. */
#define CASE_SIZE (1 << 20)
#define ANSWER_SIZE (8 << 20)
#define MAX_PROCESSES 8
#define MAX_PINS 16
/* Descriptors of the interpreter go here, so that the script's are numbered as without them. */
#define OWN_FD 800

/* What a name of the script stands for; only addresses may prefix other addresses in output. */
enum name_kind { NAME_NONE, NAME_FD, NAME_ADDRESS, NAME_PIN };

struct name {
	char text[NAME_SIZE];
	enum name_kind kind;
	uint64_t value;
	int bound_at; /* counts up */
};

/* A process of the case. One that has exited keeps its name: calls on it are skipped. */
struct process {
	char name[NAME_SIZE];
	int pid;
	bool alive;
	uint32_t turn; /* a futex: 1 when the process is to go on with the case */
};

/* References that outlive their mapping, see pin.c. */
struct pin {
	bool used;
	int ring;    /* -1: a plain reference, held by the pipe */
	int pipe[2]; /* the device's other side */
	uint64_t address;
	unsigned char params[128]; /* struct io_uring_params */
};

/*
 * What all processes of a case share: one shared mapping in the place of a static object, so that
 * it lies outside of the area that mmap fills. Only the process whose turn it is touches it.
 */
struct shared {
	struct process processes[MAX_PROCESSES];
	int process_count;
	int exiting;   /* the process that ends itself, or -1 */
	bool finished; /* no line is left */
	size_t cursor; /* in body: the next line */
	struct name names[MAX_NAMES];
	int name_count;
	int bindings;
	struct pin pins[MAX_PINS];
	size_t answer_used;
	/* What the kernel would otherwise map into the process: rings, then submission entries. */
	unsigned char ring_memory[MAX_PINS][2 * PAGE] __attribute__((aligned(4096)));
	char body[CASE_SIZE];
	char answer[ANSWER_SIZE];
};

extern struct shared shared;

/* One line, split at blanks: token[0] is the call. */
struct line {
	const char *token[MAX_TOKENS];
	int count;
};

/* output.c: text into one static buffer, written to standard output at the end of a case. */
void out_reset(void);
void out_flush(void);
void out_text(const char *text);
void out_string(const char *text); /* quoted and escaped */
void out_number(int64_t value);
void out_octal(uint64_t value); /* quoted, with a leading 0 */
void out_bytes(const unsigned char *bytes, size_t length); /* quoted hex; long runs as "00*4096" */
void out_address(uint64_t address); /* quoted, relative to a named address where one is near */
void out_error(int error);

/* constants.c: Linux's flag names. */
bool constant_find(const char *text, size_t length, uint64_t *value);
void constants_print(void);

/* script.c: tokens to values. A failure leaves its reason in script_problem. */
extern const char *script_problem;
extern unsigned char script_data[DATA_SIZE + PAGE];
bool split(char *text, struct line *line);
bool not_bound(const char *text, size_t length);
bool evaluate(const char *token, uint64_t *value);
bool evaluate_data(const char *token, size_t *length); /* into script_data */
bool evaluate_string(const char *token, char *into, size_t size);
void bind(const char *text, enum name_kind kind, uint64_t value);
const struct name *name_below(uint64_t address);
const struct name *name_above(uint64_t address);
const struct name *name_find(const char *text, size_t length);

/* calls.c: runs one line and prints its result; false when the line makes no sense. */
bool call(struct line *line);

/* memory.c: loads and stores as a CPU does them, signals caught. */
void memory_init(void);
bool memory_load(struct line *line);
bool memory_store(struct line *line);
bool memory_peek(struct line *line);
bool memory_poke(struct line *line);
bool access_bytes(unsigned char *to, const unsigned char *from, size_t length);
const char *fault_name(void);
void print_fault(void);

/* pin.c: long-term writable pins (io_uring fixed buffers) and plain references (vmsplice). */
const char *pin_method(void);
bool pin_take(struct line *line);
bool pin_reference(struct line *line);
bool pin_release(struct line *line);
bool pin_dma_read(struct line *line);
bool pin_dma_write(struct line *line);

/* views.c: fstat and the mappings of the script. views_init also unmaps the vdso and the stack. */
void views_init(void);
bool view_fstat(struct line *line);
bool view_maps(struct line *line);
bool view_smaps(struct line *line);

/* pages.c: which pages lie where, and who shares them. */
bool view_pages(struct line *line);
bool view_kpagecount(struct line *line);
bool touch(struct line *line);
bool dump(struct line *line);

/* process.c: the processes of a case, of which one at a time runs lines. */
void processes_init(void);
bool processes_run(char *title);
bool process_fork(struct line *line);
bool process_exit(struct line *line);

#endif
