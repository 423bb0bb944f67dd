;; Loops over tables that do not fit in the processor's caches. Each is the twin of a loop in TypeScript, named beside it, which runs where there is
;; no WebAssembly and over small tables, on the same arrays. `npm run wasm` writes kernels-code.ts from this file; a test holds them together.
(module
  (memory (import "host" "memory") 1)

  ;; Numbers given so far: `numberKeys` goes on from here.
  (global $count (export "count") (mut i32) (i32.const 0))

  ;; NumberTable, `numberRows`: sets groups[row] to the number of keys[row] for rows from `row` on to `to`; the last row reached. A new key gets the
  ;; next number while there is `room`, then it stops; where `insert` is 0 it gets -1.
  (func (export "numberKeys")
    (param $keys i32) (param $groups i32) (param $row i32) (param $to i32)
    (param $slots i32) (param $mask i32) (param $words i32) (param $seed i32) (param $room i32) (param $insert i32)
    (result i32)
    (local $key i64) (local $hash i32) (local $slot i32) (local $entry i32) (local $rest i32) (local $number i32)
    (local.set $rest (i32.xor (local.get $mask) (i32.const -1)))
    (local.set $number (global.get $count))
    (block $end
      (loop $rows
        (br_if $end (i32.ge_u (local.get $row) (local.get $to)))
        (local.set $key (i64.load (i32.add (local.get $keys) (i32.shl (local.get $row) (i32.const 3)))))
        ;; hashWords(seed, low, high)
        (local.set $hash
          (i32.xor
            (i32.mul (i32.xor (i32.wrap_i64 (local.get $key)) (local.get $seed)) (i32.const 0x9e3779b1))
            (i32.mul (i32.wrap_i64 (i64.shr_u (local.get $key) (i64.const 32))) (i32.const 0x85ebca6b))))
        (local.set $hash
          (i32.mul (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 15))) (i32.const 0x2c1b3c6d)))
        (local.set $hash
          (i32.mul (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 13))) (i32.const 0x297a2d39)))
        (local.set $hash (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 16))))
        (local.set $slot (i32.and (local.get $hash) (local.get $mask)))
        (block $found
          (loop $probe
            (local.set $entry (i32.load (i32.add (local.get $slots) (i32.shl (local.get $slot) (i32.const 2)))))
            (if (i32.eqz (local.get $entry))
              (then
                ;; Entry 0 is number -1.
                (br_if $found (i32.eqz (local.get $insert)))
                (br_if $end (i32.eqz (local.get $room)))
                (local.set $room (i32.sub (local.get $room) (i32.const 1)))
                (local.set $number (i32.add (local.get $number) (i32.const 1)))
                (local.set $entry (i32.or (i32.and (local.get $hash) (local.get $rest)) (local.get $number)))
                (i32.store (i32.add (local.get $slots) (i32.shl (local.get $slot) (i32.const 2))) (local.get $entry))
                (i64.store (i32.add (local.get $words) (i32.shl (local.get $number) (i32.const 3))) (local.get $key))
                (br $found)))
            (if (i32.eqz (i32.and (i32.xor (local.get $entry) (local.get $hash)) (local.get $rest)))
              (then
                (br_if $found
                  (i64.eq
                    (local.get $key)
                    (i64.load
                      (i32.add
                        (local.get $words)
                        (i32.shl (i32.and (local.get $entry) (local.get $mask)) (i32.const 3))))))))
            (local.set $slot (i32.and (i32.add (local.get $slot) (i32.const 1)) (local.get $mask)))
            (br $probe)))
        (i32.store
          (i32.add (local.get $groups) (i32.shl (local.get $row) (i32.const 2)))
          (i32.sub (i32.and (local.get $entry) (local.get $mask)) (i32.const 1)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $rows)))
    (global.set $count (local.get $number))
    (local.get $row))

  ;; int-sum, `addRows`: adds values[row] to sums[2 * group] and 1 behind it, for rows from `row` on to `to`; stops at a row whose value or sum is
  ;; beyond `limit`, which it leaves alone.
  (func (export "addValues")
    (param $groups i32) (param $values i32) (param $row i32) (param $to i32) (param $sums i32) (param $limit f64)
    (result i32)
    (local $at i32) (local $value f64) (local $sum f64)
    (block $end
      (loop $rows
        (br_if $end (i32.ge_u (local.get $row) (local.get $to)))
        (local.set $at
          (i32.add
            (local.get $sums)
            (i32.shl (i32.load (i32.add (local.get $groups) (i32.shl (local.get $row) (i32.const 2)))) (i32.const 4))))
        (local.set $value (f64.load (i32.add (local.get $values) (i32.shl (local.get $row) (i32.const 3)))))
        (local.set $sum (f64.add (f64.load (local.get $at)) (local.get $value)))
        (br_if $end
          (i32.or
            (f64.gt (f64.abs (local.get $value)) (local.get $limit))
            (f64.gt (f64.abs (local.get $sum)) (local.get $limit))))
        (f64.store (local.get $at) (local.get $sum))
        (f64.store offset=8 (local.get $at) (f64.add (f64.load offset=8 (local.get $at)) (f64.const 1)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $rows)))
    (local.get $row))

  ;; count, `addRows`: adds 1 to counts[group] for rows up to `to`.
  (func (export "addOnes") (param $groups i32) (param $to i32) (param $counts i32)
    (local $at i32) (local $end i32)
    (local.set $end (i32.add (local.get $groups) (i32.shl (local.get $to) (i32.const 2))))
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $groups) (local.get $end)))
        (local.set $at (i32.add (local.get $counts) (i32.shl (i32.load (local.get $groups)) (i32.const 3))))
        (f64.store (local.get $at) (f64.add (f64.load (local.get $at)) (f64.const 1)))
        (local.set $groups (i32.add (local.get $groups) (i32.const 4)))
        (br $rows)))))
