import { describe, expect, it } from 'vitest';
import { Durations, Measured } from '../../../src/parallel/graph/durations.ts';
import { Window } from '../../../src/parallel/graph/window.ts';

describe('durations', () => {
  it('do not count the wait for a worker', () => {
    let now = 0;
    const durations = new Durations(4, 2, () => now);
    for (const node of [0, 1, 2, 3]) durations.handedOver(node);
    now = 10;
    durations.settled(0); // 2 begins
    now = 15;
    durations.settled(1); // 3 begins
    now = 16;
    durations.settled(2);
    now = 20;
    durations.settled(3);
    expect([...durations.took]).toEqual([10, 15, 6, 5]);
  });

  it('of one that overtakes counts from the last end', () => {
    let now = 0;
    const durations = new Durations(4, 1, () => now);
    for (const node of [0, 1, 2]) durations.handedOver(node);
    now = 10;
    durations.settled(0);
    now = 12;
    durations.settled(2);
    now = 20;
    durations.settled(1);
    now = 25;
    durations.handedOver(3);
    now = 26;
    durations.settled(3);
    expect([...durations.took]).toEqual([10, 10, 2, 1]);
  });

  it('hold for long queues', () => {
    let now = 0;
    const durations = new Durations(1000, 1, () => now);
    for (let node = 0; node < 1000; node++) durations.handedOver(node);
    for (let node = 0; node < 1000; node++) {
      now += node;
      durations.settled(node);
    }
    expect([...durations.took]).toEqual(Array.from({ length: 1000 }, (_, node) => node));
  });
});

describe('the window', () => {
  it('is small while tasks are long, and grows when they are short', () => {
    const window = new Window(3, undefined);
    expect(window.size).toBe(12);
    window.ended(20);
    expect(window.size).toBe(12);
    for (let i = 0; i < 200; i++) window.ended(0.1);
    expect(window.size).toBe(3 * 19);
    for (let i = 0; i < 200; i++) window.ended(0);
    expect(window.size).toBe(3 * 64);
    window.ended(10);
    expect(window.size).toBe(12);
  });

  it('is what the caller says', () => {
    const window = new Window(3, 5);
    window.ended(0);
    expect(window.size).toBe(5);
  });
});

describe('measured weights', () => {
  it('are an average, and the mean for what never ran', () => {
    const measured = new Measured();
    expect(measured.weights(3)).toBeUndefined();
    measured.add(Float64Array.of(10, 20, 5), (node) => node !== 2);
    expect([...measured.weights(4)!]).toEqual([10, 20, 15, 15]);
    measured.add(Float64Array.of(20, 20, 5, 1), () => true);
    expect([...measured.weights(4)!]).toEqual([13, 20, 5, 1]);
  });
});
