import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { createHeap } from '../../src/lib/heap.ts'

test('what comes out is in order, however it was put in', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.option(fc.integer())), (filled, pushed) => {
      const heap = createHeap<number>((one, other) => one < other)
      heap.fill(filled)
      let model = filled.toSorted((a, b) => a - b)
      // nothing pushed is something popped
      for (const item of pushed) {
        if (item === null) expect(heap.pop()).toBe(model.shift())
        else {
          heap.push(item)
          model = [...model, item].toSorted((a, b) => a - b)
        }
        expect(heap.size).toBe(model.length)
        expect(heap.first).toBe(model[0])
      }
      for (const item of model) expect(heap.pop()).toBe(item)
      expect(heap.pop()).toBeUndefined()
    }),
  )
})
