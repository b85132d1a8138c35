/** A number that goes up and down. */

/** One gauge series. */
export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  increment(): void {
    this.value += 1;
  }

  decrement(): void {
    this.value -= 1;
  }
}
