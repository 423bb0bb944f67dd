;; Loops that find fields in text, sixteen bytes at a time. Each is the twin of a loop in TypeScript, named beside it, which runs where there is no
;; such WebAssembly, and for every line that is out of the ordinary. `npm run wasm` writes scan-code.ts from this file; a test holds them together.
(module
  (memory (import "host" "memory") 1)

  ;; Where the last call stopped: the start of a line.
  (global $next (export "next") (mut i32) (i32.const 0))

  ;; `scanJson`: finds the fields of lines from `at` on, until `stop` or until row `rows`, and returns the row behind the last one. It also stops
  ;; before a line whose keys are not the expected ones, that is not well formed, has space where it is rare, or does not end before `limit`, where
  ;; a newline stands. `shift` is what is to be added to a place in the memory to have the place in the data.
  ;; A key: its size, the entry of its first row in the table or -1, eight bytes unused, 64 bytes of text with quotes and colon, 64 bytes of mask.
  (func (export "scanJson")
    (param $at i32) (param $stop i32) (param $limit i32) (param $shift i32) (param $row i32) (param $rows i32)
    (param $starts i32) (param $ends i32) (param $kinds i32) (param $rowStarts i32) (param $keys i32) (param $keysEnd i32)
    (result i32)
    (local $rowStart i32) (local $key i32) (local $tries i32) (local $start i32) (local $end i32) (local $kind i32) (local $byte i32)
    (local $bits i32) (local $count i32) (local $field i32) (local $bytes v128)
    (block $done
      (loop $lines
        (local.set $rowStart (local.get $at))
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (br_if $done (i32.ge_u (local.get $at) (local.get $stop)))
        (br_if $done (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x7b)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $key (local.get $keys))
        (loop $members
          (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x20))
            (then (local.set $at (call $spaceEnd (local.get $at)))))
          ;; The expected key, or one of the three behind it.
          (local.set $tries (i32.const 4))
          (block $found
            (loop $search
              (br_if $done (i32.ge_u (local.get $key) (local.get $keysEnd)))
              (if
                (i32.eqz
                  (v128.any_true
                    (v128.and
                      (v128.xor (v128.load (local.get $at)) (v128.load offset=16 (local.get $key)))
                      (v128.load offset=80 (local.get $key)))))
                (then
                  (br_if $found (i32.le_u (i32.load (local.get $key)) (i32.const 16)))
                  (br_if $found (call $isLongKey (local.get $at) (local.get $key)))))
              (local.set $key (i32.add (local.get $key) (i32.const 144)))
              (local.set $tries (i32.sub (local.get $tries) (i32.const 1)))
              (br_if $search (local.get $tries)))
            (br $done))
          (local.set $at (i32.add (local.get $at) (i32.load (local.get $key))))
          (local.set $byte (i32.load8_u (local.get $at)))
          (if (i32.eq (local.get $byte) (i32.const 0x20))
            (then
              (local.set $at (call $spaceEnd (local.get $at)))
              (local.set $byte (i32.load8_u (local.get $at)))))
          (block $value
            (if (i32.eq (local.get $byte) (i32.const 0x22))
              (then
                (local.set $start (local.tee $at (i32.add (local.get $at) (i32.const 1))))
                (local.set $kind (i32.const 1))
                (local.set $at (call $plainEnd (local.get $at)))
                (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x22))
                  (then
                    (local.set $kind (i32.const 2))
                    (br_if $done (i32.eqz (local.tee $at (call $stringEnd (local.get $at)))))))
                (local.set $end (local.get $at))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br $value)))
            (local.set $start (local.get $at))
            (if
              (i32.or
                (i32.eq (local.get $byte) (i32.const 0x2d))
                (i32.lt_u (i32.sub (local.get $byte) (i32.const 0x30)) (i32.const 10)))
              (then
                (local.set $kind (i32.const 3))
                (if (i32.eq (local.get $byte) (i32.const 0x2d))
                  (then
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (local.set $byte (i32.load8_u (local.get $at)))))
                ;; A bit for each byte that is no digit; those behind the sixteenth are set.
                (local.set $bytes (v128.load (local.get $at)))
                (local.set $bits
                  (i32.xor
                    (i8x16.bitmask
                      (i8x16.lt_u
                        (i8x16.sub (local.get $bytes) (i8x16.splat (i32.const 0x30)))
                        (i8x16.splat (i32.const 10))))
                    (i32.const -1)))
                (local.set $count (i32.ctz (local.get $bits)))
                (br_if $done (i32.eqz (local.get $count)))
                (br_if $done
                  (i32.and (i32.eq (local.get $byte) (i32.const 0x30)) (i32.gt_u (local.get $count) (i32.const 1))))
                (local.set $end (i32.add (local.get $at) (local.get $count)))
                (if (i32.eq (i32.load8_u (local.get $end)) (i32.const 0x2e))
                  (then
                    (local.set $end (i32.add (local.get $end) (i32.const 1)))
                    (local.set $count
                      (i32.ctz (i32.shr_s (local.get $bits) (i32.add (local.get $count) (i32.const 1)))))
                    (br_if $done (i32.eqz (local.get $count)))
                    (local.set $end (i32.add (local.get $end) (local.get $count)))))
                ;; More digits than were looked at, or an exponent: a comma or a brace ends all other numbers.
                (if (i32.gt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 15))
                  (then (br_if $done (i32.eqz (local.tee $end (call $digitsEnd (local.get $at)))))))
                (if (i32.eq (i32.or (i32.load8_u (local.get $end)) (i32.const 0x20)) (i32.const 0x65))
                  (then (br_if $done (i32.eqz (local.tee $end (call $exponentEnd (local.get $end)))))))
                (local.set $at (local.get $end))
                (br $value)))
            (if (i32.or (i32.eq (local.get $byte) (i32.const 0x7b)) (i32.eq (local.get $byte) (i32.const 0x5b)))
              (then
                (local.set $kind (i32.const 5))
                (br_if $done (i32.eqz (local.tee $at (call $nestedEnd (local.get $at)))))
                (local.set $end (local.get $at))
                (br $value)))
            (local.set $bits (i32.load (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (local.set $end (local.get $at))
            (local.set $kind (i32.const 4))
            ;; true
            (br_if $value (i32.eq (local.get $bits) (i32.const 0x65757274)))
            (local.set $kind (i32.const 0))
            ;; null
            (br_if $value (i32.eq (local.get $bits) (i32.const 0x6c6c756e)))
            (local.set $kind (i32.const 4))
            ;; fals, e
            (br_if $done (i32.ne (local.get $bits) (i32.const 0x736c6166)))
            (br_if $done (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x65)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $end (local.get $at)))
          (local.set $field (i32.load offset=4 (local.get $key)))
          (if (i32.ge_s (local.get $field) (i32.const 0))
            (then
              (local.set $field (i32.add (local.get $field) (local.get $row)))
              (i32.store8 (i32.add (local.get $kinds) (local.get $field)) (local.get $kind))
              (local.set $field (i32.shl (local.get $field) (i32.const 2)))
              (i32.store (i32.add (local.get $starts) (local.get $field)) (i32.add (local.get $start) (local.get $shift)))
              (i32.store (i32.add (local.get $ends) (local.get $field)) (i32.add (local.get $end) (local.get $shift)))))
          (local.set $byte (i32.load8_u (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $key (i32.add (local.get $key) (i32.const 144)))
          (br_if $members (i32.eq (local.get $byte) (i32.const 0x2c)))
          (br_if $done (i32.ne (local.get $byte) (i32.const 0x7d))))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.eq (local.get $byte) (i32.const 0x0d))
          (then
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $byte (i32.load8_u (local.get $at)))))
        (br_if $done (i32.ne (local.get $byte) (i32.const 0x0a)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $done (i32.gt_u (local.get $at) (local.get $limit)))
        (i32.store
          (i32.add (local.get $rowStarts) (i32.shl (local.get $row) (i32.const 2)))
          (i32.add (local.get $rowStart) (local.get $shift)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $lines)))
    (global.set $next (local.get $rowStart))
    (local.get $row))

  (func $spaceEnd (param $at i32) (result i32)
    (loop $spaces
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $spaces (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x20))))
    (local.get $at))

  ;; Are the bytes of a key equal from the seventeenth on?
  (func $isLongKey (param $at i32) (param $key i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (i32.load (local.get $key))))
    (loop $words
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (local.set $key (i32.add (local.get $key) (i32.const 16)))
      (if
        (v128.any_true
          (v128.and
            (v128.xor (v128.load (local.get $at)) (v128.load offset=16 (local.get $key)))
            (v128.load offset=80 (local.get $key))))
        (then (return (i32.const 0))))
      (br_if $words (i32.lt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end))))
    (i32.const 1))

  ;; Place of the first quote, backslash or control character.
  (func $plainEnd (param $at i32) (result i32)
    (local $bytes v128) (local $bits i32)
    (loop $words
      (local.set $bytes (v128.load (local.get $at)))
      (local.set $bits
        (i8x16.bitmask
          (v128.or
            (v128.or
              (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x22)))
              (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x5c))))
            (i8x16.lt_u (local.get $bytes) (i8x16.splat (i32.const 0x20))))))
      (if (i32.eqz (local.get $bits))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $words))))
    (i32.add (local.get $at) (i32.ctz (local.get $bits))))

  ;; The functions below return 0 for what is not well formed.

  ;; Place of the closing quote of a string with escapes.
  (func $stringEnd (param $at i32) (result i32)
    (local $byte i32) (local $end i32)
    (loop $next
      (local.set $at (call $plainEnd (local.get $at)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 0x22)) (then (return (local.get $at))))
      (if (i32.ne (local.get $byte) (i32.const 0x5c)) (then (return (i32.const 0))))
      (local.set $byte (i32.load8_u offset=1 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (if (i32.eq (local.get $byte) (i32.const 0x75))
        (then
          (local.set $end (i32.add (local.get $at) (i32.const 4)))
          (loop $digits
            (local.set $byte (i32.load8_u (local.get $at)))
            (if
              (i32.and
                (i32.gt_u (i32.sub (local.get $byte) (i32.const 0x30)) (i32.const 9))
                (i32.gt_u (i32.sub (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x61)) (i32.const 5)))
              (then (return (i32.const 0))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $digits (i32.lt_u (local.get $at) (local.get $end))))
          (br $next)))
      (br_if $next
        (i32.or
          (i32.or (i32.eq (local.get $byte) (i32.const 0x22)) (i32.eq (local.get $byte) (i32.const 0x5c)))
          (i32.eq (local.get $byte) (i32.const 0x2f))))
      ;; b f n r t
      (br_if $next
        (i32.and
          (i32.lt_u (i32.sub (local.get $byte) (i32.const 0x62)) (i32.const 19))
          (i32.and (i32.shr_u (i32.const 0x51011) (i32.sub (local.get $byte) (i32.const 0x62))) (i32.const 1)))))
    (i32.const 0))

  ;; Behind digits and perhaps a point and digits, of which there are many.
  (func $digitsEnd (param $at i32) (result i32)
    (local $point i32)
    (local.set $point (call $runEnd (local.get $at)))
    (if (i32.ne (i32.load8_u (local.get $point)) (i32.const 0x2e)) (then (return (local.get $point))))
    (local.set $at (call $runEnd (i32.add (local.get $point) (i32.const 1))))
    (select (i32.const 0) (local.get $at) (i32.eq (local.get $at) (i32.add (local.get $point) (i32.const 1)))))

  (func $runEnd (param $at i32) (result i32)
    (loop $digits
      (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30)) (i32.const 10))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $digits))))
    (local.get $at))

  (func $exponentEnd (param $at i32) (result i32)
    (local $byte i32) (local $end i32)
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $byte (i32.load8_u (local.get $at)))
    (if (i32.or (i32.eq (local.get $byte) (i32.const 0x2d)) (i32.eq (local.get $byte) (i32.const 0x2b)))
      (then (local.set $at (i32.add (local.get $at) (i32.const 1)))))
    (local.set $end (call $runEnd (local.get $at)))
    (select (local.get $end) (i32.const 0) (i32.ne (local.get $end) (local.get $at))))

  ;; Behind an array or object, of at most 64 levels.
  (func $nestedEnd (param $at i32) (result i32)
    (local $byte i32) (local $depth i32)
    (loop $bytes
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.eq (local.get $byte) (i32.const 0x22))
        (then
          (if (i32.eqz (local.tee $at (call $stringEnd (local.get $at)))) (then (return (i32.const 0))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $bytes)))
      ;; [ and { differ in one bit, ] and } too.
      (local.set $byte (i32.or (local.get $byte) (i32.const 0x20)))
      (if (i32.eq (local.get $byte) (i32.const 0x7b))
        (then
          (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
          (br_if $bytes (i32.le_u (local.get $depth) (i32.const 64)))
          (return (i32.const 0))))
      (if (i32.eq (local.get $byte) (i32.const 0x7d))
        (then
          (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
          (br_if $bytes (local.get $depth))
          (return (local.get $at))))
      ;; A newline, with the bit set; or a star, which stands in no value.
      (br_if $bytes (i32.ne (local.get $byte) (i32.const 0x2a))))
    (i32.const 0))

  ;; `scanCsv`: finds the fields of records from `at` on, until `stop` or until row `rows`, and returns the row behind the last one. It also stops
  ;; before a record that has not as many fields as there are places, is not well formed, or does not end before `limit`. A place is the entry of
  ;; the first row of a column in the table or -1. `return` is a carriage return where there may be any, else a newline.
  (func (export "scanCsv")
    (param $at i32) (param $stop i32) (param $limit i32) (param $shift i32) (param $row i32) (param $rows i32)
    (param $starts i32) (param $ends i32) (param $kinds i32) (param $rowStarts i32) (param $places i32) (param $placesEnd i32)
    (param $delimiter i32) (param $quote i32) (param $return i32)
    (result i32)
    (local $rowStart i32) (local $place i32) (local $start i32) (local $end i32) (local $kind i32) (local $byte i32) (local $field i32)
    (local $base i32) (local $marks i64) (local $delimiters v128) (local $returns v128)
    (local.set $delimiters (i8x16.splat (local.get $delimiter)))
    (local.set $returns (i8x16.splat (local.get $return)))
    ;; Bits of the 64 bytes from `base` on that end a field; those that were used are gone.
    (local.set $base (i32.sub (local.get $at) (i32.const 64)))
    (block $done
      (loop $records
        (local.set $rowStart (local.get $at))
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (br_if $done (i32.ge_u (local.get $at) (local.get $stop)))
        (local.set $place (local.get $places))
        (loop $fields
          (local.set $start (local.get $at))
          (if (i32.ne (i32.load8_u (local.get $at)) (local.get $quote))
            (then
              (loop $search
                (if (i64.eqz (local.get $marks))
                  (then
                    (local.set $base (i32.add (local.get $base) (i32.const 64)))
                    (local.set $marks
                      (i64.or
                        (i64.or
                          (call $marksOf (v128.load (local.get $base)) (local.get $delimiters) (local.get $returns))
                          (i64.shl
                            (call $marksOf (v128.load offset=16 (local.get $base)) (local.get $delimiters) (local.get $returns))
                            (i64.const 16)))
                        (i64.or
                          (i64.shl
                            (call $marksOf (v128.load offset=32 (local.get $base)) (local.get $delimiters) (local.get $returns))
                            (i64.const 32))
                          (i64.shl
                            (call $marksOf (v128.load offset=48 (local.get $base)) (local.get $delimiters) (local.get $returns))
                            (i64.const 48)))))
                    (br $search))))
              (local.set $at (i32.add (local.get $base) (i32.wrap_i64 (i64.ctz (local.get $marks)))))
              (local.set $marks (i64.and (local.get $marks) (i64.sub (local.get $marks) (i64.const 1))))
              (local.set $end (local.get $at))
              (local.set $kind (i32.ne (local.get $at) (local.get $start)))
              (local.set $byte (i32.load8_u (local.get $at)))
              (if (i32.eq (local.get $byte) (i32.const 0x0d))
                (then
                  (local.set $at (i32.add (local.get $at) (i32.const 1)))
                  (local.set $byte (i32.load8_u (local.get $at)))
                  (br_if $done (i32.ne (local.get $byte) (i32.const 0x0a)))
                  (local.set $base (i32.sub (local.get $at) (i32.const 63)))
                  (local.set $marks (i64.const 0)))))
            (else
              (local.set $kind (i32.const 1))
              (local.set $start (local.tee $at (i32.add (local.get $at) (i32.const 1))))
              (loop $quotes
                (local.set $at (call $quoteAt (local.get $at) (local.get $limit) (local.get $quote)))
                (br_if $done (i32.ge_u (local.get $at) (local.get $limit)))
                (if (i32.eq (i32.load8_u offset=1 (local.get $at)) (local.get $quote))
                  (then
                    (local.set $kind (i32.const 2))
                    (local.set $at (i32.add (local.get $at) (i32.const 2)))
                    (br $quotes))))
              (local.set $end (local.get $at))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (local.set $byte (i32.load8_u (local.get $at)))
              (if (i32.eq (local.get $byte) (i32.const 0x0d))
                (then
                  (br_if $done (i32.ne (i32.load8_u offset=1 (local.get $at)) (i32.const 0x0a)))
                  (local.set $at (i32.add (local.get $at) (i32.const 1)))
                  (local.set $byte (i32.const 0x0a))))
              (br_if $done
                (i32.and
                  (i32.ne (local.get $byte) (local.get $delimiter))
                  (i32.ne (local.get $byte) (i32.const 0x0a))))
              (local.set $base (i32.sub (local.get $at) (i32.const 63)))
              (local.set $marks (i64.const 0))))
          (local.set $field (i32.load (local.get $place)))
          (if (i32.ge_s (local.get $field) (i32.const 0))
            (then
              (local.set $field (i32.add (local.get $field) (local.get $row)))
              (i32.store8 (i32.add (local.get $kinds) (local.get $field)) (local.get $kind))
              (local.set $field (i32.shl (local.get $field) (i32.const 2)))
              (i32.store (i32.add (local.get $starts) (local.get $field)) (i32.add (local.get $start) (local.get $shift)))
              (i32.store (i32.add (local.get $ends) (local.get $field)) (i32.add (local.get $end) (local.get $shift)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $place (i32.add (local.get $place) (i32.const 4)))
          (if (i32.eq (local.get $byte) (i32.const 0x0a))
            (then (br_if $done (i32.ne (local.get $place) (local.get $placesEnd))))
            (else
              (br_if $fields (i32.lt_u (local.get $place) (local.get $placesEnd)))
              (br $done))))
        (br_if $done (i32.gt_u (local.get $at) (local.get $limit)))
        (i32.store
          (i32.add (local.get $rowStarts) (i32.shl (local.get $row) (i32.const 2)))
          (i32.add (local.get $rowStart) (local.get $shift)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $records)))
    (global.set $next (local.get $rowStart))
    (local.get $row))

  (func $marksOf (param $bytes v128) (param $delimiters v128) (param $returns v128) (result i64)
    (i64.extend_i32_u
      (i8x16.bitmask
        (v128.or
          (v128.or
            (i8x16.eq (local.get $bytes) (local.get $delimiters))
            (i8x16.eq (local.get $bytes) (local.get $returns)))
          (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x0a)))))))

  ;; Place of the first quote, or a place from `limit` on.
  (func $quoteAt (param $at i32) (param $limit i32) (param $quote i32) (result i32)
    (local $bits i32)
    (loop $words
      (local.set $bits (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (local.get $quote)))))
      (if (local.get $bits) (then (return (i32.add (local.get $at) (i32.ctz (local.get $bits))))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $words (i32.lt_u (local.get $at) (local.get $limit))))
    (local.get $limit))

  ;; `fillInt64` and `fillFloat64`: parses the fields of a column from `row` on up to `rows` into `values`, and returns the row where it stopped:
  ;; before a field of more than 15 digits, or that is anything but digits behind a minus, with a point where there may be one. What is absent is 0
  ;; and is counted in `next`.
  (func (export "readNumbers")
    (param $starts i32) (param $ends i32) (param $kinds i32) (param $row i32) (param $rows i32) (param $shift i32)
    (param $values i32) (param $powers i32) (param $isInteger i32)
    (result i32)
    (local $nulls i32) (local $kind i32) (local $at i32) (local $end i32) (local $size i32) (local $scale i32) (local $digits i32)
    (local $isNegative i32) (local $word i64) (local $points i64) (local $below i64) (local $value f64)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (local.set $kind (i32.load8_u (i32.add (local.get $kinds) (local.get $row))))
        (local.set $value (f64.const 0))
        (block $read
          (if (i32.eqz (local.get $kind))
            (then
              (local.set $nulls (i32.add (local.get $nulls) (i32.const 1)))
              (br $read)))
          ;; Plain text or a numeral.
          (br_if $done (i32.ne (i32.and (local.get $kind) (i32.const 0xfd)) (i32.const 1)))
          (local.set $at
            (i32.sub
              (i32.load (i32.add (local.get $starts) (i32.shl (local.get $row) (i32.const 2))))
              (local.get $shift)))
          (local.set $end
            (i32.sub
              (i32.load (i32.add (local.get $ends) (i32.shl (local.get $row) (i32.const 2))))
              (local.get $shift)))
          (local.set $isNegative (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2d)))
          (local.set $at (i32.add (local.get $at) (local.get $isNegative)))
          (local.set $size (i32.sub (local.get $end) (local.get $at)))
          (br_if $done (i32.gt_u (i32.sub (local.get $size) (i32.const 1)) (i32.const 17)))
          (local.set $scale (i32.const 0))
          (if (i32.le_u (local.get $size) (i32.const 8))
            (then
              ;; As `putShortDecimal`, with eight bytes in one word.
              (local.set $word
                (i64.and
                  (i64.xor
                    (i64.load (i32.sub (local.get $end) (i32.const 8)))
                    (i64.const 0x3030303030303030))
                  (i64.shl
                    (i64.const -1)
                    (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $size) (i32.const 3)))))))
              (local.set $points (i64.xor (local.get $word) (i64.const 0x1e1e1e1e1e1e1e1e)))
              (local.set $points
                (i64.and
                  (i64.and
                    (i64.sub (local.get $points) (i64.const 0x0101010101010101))
                    (i64.xor (local.get $points) (i64.const -1)))
                  (i64.const 0x8080808080808080)))
              (if (i64.ne (local.get $points) (i64.const 0))
                (then
                  (br_if $done (i32.or (local.get $isInteger) (i32.eq (local.get $size) (i32.const 1))))
                  (local.set $scale (i32.wrap_i64 (i64.shr_u (i64.ctz (local.get $points)) (i64.const 3))))
                  (local.set $below
                    (i64.sub
                      (i64.shl (i64.const 1) (i64.extend_i32_u (i32.shl (local.get $scale) (i32.const 3))))
                      (i64.const 1)))
                  (local.set $word
                    (i64.or
                      (i64.and
                        (local.get $word)
                        (i64.xor
                          (i64.or (i64.shl (local.get $below) (i64.const 8)) (i64.const 0xff))
                          (i64.const -1)))
                      (i64.shl (i64.and (local.get $word) (local.get $below)) (i64.const 8))))
                  (local.set $scale (i32.sub (i32.const 7) (local.get $scale)))))
              (br_if $done
                (i64.ne
                  (i64.and
                    (i64.or (i64.add (local.get $word) (i64.const 0x7676767676767676)) (local.get $word))
                    (i64.const 0x8080808080808080))
                  (i64.const 0)))
              (local.set $word
                (i64.add
                  (i64.mul (local.get $word) (i64.const 10))
                  (i64.shr_u (local.get $word) (i64.const 8))))
              (local.set $word
                (i64.shr_u
                  (i64.add
                    (i64.mul
                      (i64.and (local.get $word) (i64.const 0x000000ff000000ff))
                      (i64.const 0x000f424000000064))
                    (i64.mul
                      (i64.and (i64.shr_u (local.get $word) (i64.const 16)) (i64.const 0x000000ff000000ff))
                      (i64.const 0x0000271000000001)))
                  (i64.const 32))))
            (else
              ;; As `float64At`.
              (local.set $word (i64.const 0))
              (local.set $digits (i32.const 0))
              (loop $bytes
                (local.set $kind (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30)))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (if (i32.lt_u (local.get $kind) (i32.const 10))
                  (then
                    (local.set $word
                      (i64.add
                        (i64.mul (local.get $word) (i64.const 10))
                        (i64.extend_i32_u (local.get $kind))))
                    (local.set $digits (i32.add (local.get $digits) (i32.const 1))))
                  (else
                    (br_if $done (i32.ne (local.get $kind) (i32.const -2)))
                    (br_if $done (i32.or (local.get $isInteger) (local.get $scale)))
                    ;; How many digits there were, and the point, until all are counted.
                    (local.set $scale (i32.add (local.get $digits) (i32.const 1)))))
                (br_if $bytes (i32.lt_u (local.get $at) (local.get $end))))
              (br_if $done (i32.gt_u (local.get $digits) (i32.const 15)))
              (if (local.get $scale)
                (then (local.set $scale (i32.sub (i32.add (local.get $digits) (i32.const 1)) (local.get $scale)))))))
          (if (i32.and (local.get $isNegative) (local.get $isInteger))
            (then (local.set $word (i64.sub (i64.const 0) (local.get $word)))))
          (local.set $value (f64.convert_i64_s (local.get $word)))
          (if (local.get $scale)
            (then
              (local.set $value
                (f64.div
                  (local.get $value)
                  (f64.load (i32.add (local.get $powers) (i32.shl (local.get $scale) (i32.const 3))))))))
          (if (i32.gt_u (local.get $isNegative) (local.get $isInteger))
            (then (local.set $value (f64.neg (local.get $value))))))
        (f64.store (i32.add (local.get $values) (i32.shl (local.get $row) (i32.const 3))) (local.get $value))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $next)))
    (global.set $next (local.get $nulls))
    (local.get $row))

  ;; `fillString`: copies the texts of a column one behind the other to `to`, rows 0 to `rows`, and puts where they end behind `offsets`. Returns the
  ;; row where it stopped, before a field that is no text; `next` is then behind the last text. Escapes are those of JSON if `quote` is 0, else doubled
  ;; quotes.
  (func (export "copyTexts")
    (param $starts i32) (param $ends i32) (param $kinds i32) (param $rows i32) (param $shift i32)
    (param $offsets i32) (param $to i32) (param $quote i32)
    (result i32)
    (local $row i32) (local $kind i32) (local $at i32) (local $end i32) (local $base i32) (local $written i32)
    (local.set $base (local.get $to))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (local.set $kind (i32.load8_u (i32.add (local.get $kinds) (local.get $row))))
        (if (local.get $kind)
          (then
            (br_if $done (i32.gt_u (local.get $kind) (i32.const 2)))
            (local.set $at
              (i32.sub
                (i32.load (i32.add (local.get $starts) (i32.shl (local.get $row) (i32.const 2))))
                (local.get $shift)))
            (local.set $end
              (i32.sub
                (i32.load (i32.add (local.get $ends) (i32.shl (local.get $row) (i32.const 2))))
                (local.get $shift)))
            (if (i32.eq (local.get $kind) (i32.const 1))
              (then
                ;; Sixteen bytes at a time, over the end: what is too much is overwritten by the next text.
                (local.set $written (i32.add (local.get $to) (i32.sub (local.get $end) (local.get $at))))
                (loop $words
                  (v128.store (local.get $to) (v128.load (local.get $at)))
                  (local.set $at (i32.add (local.get $at) (i32.const 16)))
                  (local.set $to (i32.add (local.get $to) (i32.const 16)))
                  (br_if $words (i32.lt_u (local.get $at) (local.get $end)))))
              (else
                (local.set $written
                  (if (result i32) (local.get $quote)
                    (then (call $undouble (local.get $at) (local.get $end) (local.get $to) (local.get $quote)))
                    (else (call $unescape (local.get $at) (local.get $end) (local.get $to)))))
                (if (i32.eqz (local.get $written))
                  (then
                    (local.set $written (local.get $to))
                    (br $done)))))
            (local.set $to (local.get $written))))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (i32.store
          (i32.add (local.get $offsets) (i32.shl (local.get $row) (i32.const 2)))
          (i32.sub (local.get $to) (local.get $base)))
        (br $next)))
    (global.set $next (local.get $to))
    (local.get $row))

  ;; Writes a text with one quote for each two, and returns where it ends.
  (func $undouble (param $at i32) (param $end i32) (param $to i32) (param $quote i32) (result i32)
    (local $bytes v128) (local $size i32) (local $marks v128)
    (local.set $marks (i8x16.splat (local.get $quote)))
    (loop $next
      (local.set $bytes (v128.load (local.get $at)))
      (v128.store (local.get $to) (local.get $bytes))
      ;; Bytes up to the first of two quotes, the end, or the sixteenth.
      (local.set $size
        (i32.add
          (i32.ctz (i32.or (i8x16.bitmask (i8x16.eq (local.get $bytes) (local.get $marks))) (i32.const 0x8000)))
          (i32.const 1)))
      (if (i32.ge_u (local.get $size) (i32.sub (local.get $end) (local.get $at)))
        (then (return (i32.add (local.get $to) (i32.sub (local.get $end) (local.get $at))))))
      (local.set $at (i32.add (local.get $at) (local.get $size)))
      (local.set $to (i32.add (local.get $to) (local.get $size)))
      (if (i32.eq (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (local.get $quote))
        (then (local.set $at (i32.add (local.get $at) (i32.const 1)))))
      (br $next))
    (unreachable))

  ;; Writes a well-formed text without its escapes, which never makes it longer, and returns where it ends; 0 for half a surrogate pair.
  (func $unescape (param $at i32) (param $end i32) (param $to i32) (result i32)
    (local $bytes v128) (local $size i32) (local $byte i32) (local $low i32)
    (loop $next
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (local.get $to))))
      (local.set $bytes (v128.load (local.get $at)))
      (v128.store (local.get $to) (local.get $bytes))
      ;; Bytes before a backslash, the end, or the seventeenth.
      (local.set $size
        (i32.ctz
          (i32.or (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x5c)))) (i32.const 0x10000))))
      (if (i32.gt_u (local.get $size) (i32.sub (local.get $end) (local.get $at)))
        (then (local.set $size (i32.sub (local.get $end) (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (local.get $size)))
      (local.set $to (i32.add (local.get $to) (local.get $size)))
      (br_if $next (i32.or (i32.eq (local.get $size) (i32.const 16)) (i32.ge_u (local.get $at) (local.get $end))))
      (local.set $byte (i32.load8_u offset=1 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (if (i32.ne (local.get $byte) (i32.const 0x75))
        (then
          (local.set $byte (call $escapedByte (local.get $byte)))
          (i32.store8 (local.get $to) (local.get $byte))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (br $next)))
      (local.set $byte (call $unit (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (if (i32.eq (i32.and (local.get $byte) (i32.const 0xfc00)) (i32.const 0xdc00)) (then (return (i32.const 0))))
      (if (i32.eq (i32.and (local.get $byte) (i32.const 0xfc00)) (i32.const 0xd800))
        (then
          ;; \u
          (if (i32.gt_u (i32.add (local.get $at) (i32.const 6)) (local.get $end)) (then (return (i32.const 0))))
          (if (i32.ne (i32.load16_u (local.get $at)) (i32.const 0x755c)) (then (return (i32.const 0))))
          (local.set $low (i32.xor (call $unit (i32.add (local.get $at) (i32.const 2))) (i32.const 0xdc00)))
          (if (i32.gt_u (local.get $low) (i32.const 0x3ff)) (then (return (i32.const 0))))
          (local.set $at (i32.add (local.get $at) (i32.const 6)))
          (local.set $byte
            (i32.add
              (i32.or (i32.shl (i32.and (local.get $byte) (i32.const 0x3ff)) (i32.const 10)) (local.get $low))
              (i32.const 0x10000)))))
      (local.set $to (call $putCodePoint (local.get $byte) (local.get $to)))
      (br $next))
    (unreachable))

  ;; b f n r t stand for other bytes.
  (func $escapedByte (param $byte i32) (result i32)
    (if (i32.eq (local.get $byte) (i32.const 0x62)) (then (return (i32.const 0x08))))
    (if (i32.eq (local.get $byte) (i32.const 0x66)) (then (return (i32.const 0x0c))))
    (if (i32.eq (local.get $byte) (i32.const 0x6e)) (then (return (i32.const 0x0a))))
    (if (i32.eq (local.get $byte) (i32.const 0x72)) (then (return (i32.const 0x0d))))
    (if (i32.eq (local.get $byte) (i32.const 0x74)) (then (return (i32.const 0x09))))
    (local.get $byte))

  ;; Four hexadecimal digits.
  (func $unit (param $at i32) (result i32)
    (local $end i32) (local $unit i32) (local $byte i32)
    (local.set $end (i32.add (local.get $at) (i32.const 4)))
    (loop $digits
      (local.set $byte (i32.load8_u (local.get $at)))
      ;; Letters have the bit 0x40, and their low four bits are nine less than they mean.
      (local.set $unit
        (i32.add
          (i32.or (i32.shl (local.get $unit) (i32.const 4)) (i32.and (local.get $byte) (i32.const 0x0f)))
          (i32.mul (i32.shr_u (local.get $byte) (i32.const 6)) (i32.const 9))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $digits (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $unit))

  (func $putCodePoint (param $code i32) (param $to i32) (result i32)
    (if (i32.lt_u (local.get $code) (i32.const 0x80))
      (then
        (i32.store8 (local.get $to) (local.get $code))
        (return (i32.add (local.get $to) (i32.const 1)))))
    (if (i32.lt_u (local.get $code) (i32.const 0x800))
      (then
        (i32.store8 (local.get $to) (i32.or (i32.const 0xc0) (i32.shr_u (local.get $code) (i32.const 6))))
        (i32.store8 offset=1 (local.get $to) (call $tail (local.get $code) (i32.const 0)))
        (return (i32.add (local.get $to) (i32.const 2)))))
    (if (i32.lt_u (local.get $code) (i32.const 0x10000))
      (then
        (i32.store8 (local.get $to) (i32.or (i32.const 0xe0) (i32.shr_u (local.get $code) (i32.const 12))))
        (i32.store8 offset=1 (local.get $to) (call $tail (local.get $code) (i32.const 6)))
        (i32.store8 offset=2 (local.get $to) (call $tail (local.get $code) (i32.const 0)))
        (return (i32.add (local.get $to) (i32.const 3)))))
    (i32.store8 (local.get $to) (i32.or (i32.const 0xf0) (i32.shr_u (local.get $code) (i32.const 18))))
    (i32.store8 offset=1 (local.get $to) (call $tail (local.get $code) (i32.const 12)))
    (i32.store8 offset=2 (local.get $to) (call $tail (local.get $code) (i32.const 6)))
    (i32.store8 offset=3 (local.get $to) (call $tail (local.get $code) (i32.const 0)))
    (i32.add (local.get $to) (i32.const 4)))

  ;; Six bits of a code point, as a byte behind the first one.
  (func $tail (param $code i32) (param $shift i32) (result i32)
    (i32.or (i32.const 0x80) (i32.and (i32.shr_u (local.get $code) (local.get $shift)) (i32.const 0x3f))))
  ;; text, `cutShortLines`: copies lines from `at` on, without their line breaks, one behind the other to `to`, until `end`, which is behind a newline,
  ;; or until row `rows`. Puts where they end behind `offsets`, whose first is 0. Returns the row; `next` is the start of the line behind the last.
  (func (export "cutLines")
    (param $at i32) (param $end i32) (param $rows i32) (param $offsets i32) (param $to i32)
    (result i32)
    (local $row i32) (local $base i32) (local $start i32) (local $bits i32) (local $bytes v128)
    (local.set $base (local.get $to))
    (local.set $start (local.get $to))
    (block $done
      (loop $words
        (local.set $bytes (v128.load (local.get $at)))
        (v128.store (local.get $to) (local.get $bytes))
        (local.set $bits (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x0a)))))
        (if (i32.eqz (local.get $bits))
          (then
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (br $words)))
        (local.set $bits (i32.ctz (local.get $bits)))
        (local.set $at (i32.add (local.get $at) (i32.add (local.get $bits) (i32.const 1))))
        (local.set $to (i32.add (local.get $to) (local.get $bits)))
        (if (i32.eq (i32.load8_u (i32.sub (local.get $to) (i32.const 1))) (i32.const 0x0d))
          (then
            (if (i32.gt_u (local.get $to) (local.get $start))
              (then (local.set $to (i32.sub (local.get $to) (i32.const 1)))))))
        (local.set $start (local.get $to))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (i32.store
          (i32.add (local.get $offsets) (i32.shl (local.get $row) (i32.const 2)))
          (i32.sub (local.get $to) (local.get $base)))
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (br_if $words (i32.lt_u (local.get $at) (local.get $end)))))
    (global.set $next (local.get $at))
    (local.get $row))

  ;; `linesOf`: copies texts, of which the first is at `at`, to `to`, a newline behind each. Returns the row where it stopped, behind a text that ends
  ;; with a carriage return.
  (func (export "joinLines") (param $offsets i32) (param $rows i32) (param $at i32) (param $to i32) (result i32)
    (local $row i32) (local $size i32) (local $written i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (local.set $size
          (i32.sub (i32.load offset=4 (local.get $offsets)) (i32.load (local.get $offsets))))
        (local.set $offsets (i32.add (local.get $offsets) (i32.const 4)))
        (local.set $written (i32.add (local.get $to) (local.get $size)))
        (local.set $size (i32.add (local.get $at) (local.get $size)))
        (loop $words
          (v128.store (local.get $to) (v128.load (local.get $at)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br_if $words (i32.lt_u (local.get $at) (local.get $size))))
        (if (i32.eq (i32.load8_u (i32.sub (local.get $written) (i32.const 1))) (i32.const 0x0d)) (then (br $done)))
        (local.set $at (local.get $size))
        (i32.store8 (local.get $written) (i32.const 0x0a))
        (local.set $to (i32.add (local.get $written) (i32.const 1)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $next)))
    (local.get $row)))
