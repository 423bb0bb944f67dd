/* The same loop and table as hand-loop.mjs in C, without the digest: prints words and different words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct { unsigned hash, length; char *word; long count; } group;
int main(int argc, char **argv) {
  static char chunk[1 << 20];
  size_t mask = (1 << 20) - 1, kept = 0, got, groups = 0, words = 0;
  group *table = calloc(mask + 1, sizeof(group));
  FILE *file = fopen(argv[1], "rb");
  do {
    got = fread(chunk + kept, 1, sizeof chunk - kept, file);
    size_t length = kept + got, start = 0; unsigned hash = 0x811c9dc5u;
    for (size_t i = 0; i < length; i++) {
      char byte = chunk[i];
      if (byte != ' ' && byte != '\n') { hash = (hash ^ (unsigned char)byte) * 0x01000193u; continue; }
      size_t slot = (hash ^ hash >> 15) & mask; unsigned size = i - start;
      while (table[slot].word && !(table[slot].hash == hash && table[slot].length == size && !memcmp(table[slot].word, chunk + start, size))) slot = (slot + 1) & mask;
      if (!table[slot].word) { table[slot] = (group){hash, size, memcpy(malloc(size + 1), chunk + start, size), 0}; groups++; }
      table[slot].count++; words++; start = i + 1; hash = 0x811c9dc5u;
    }
    kept = length - start; memmove(chunk, chunk + start, kept);
  } while (got);
  printf("%zu %zu\n", words, groups);
}
