/** Something the scenario forbids has happened: the explorer turns it into a counterexample. */
export class Violation extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Violation';
  }
}
