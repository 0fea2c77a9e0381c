import type { LogTemplateColumns } from '../../storage/store.ts';
import { LogTemplates } from './log-templates.ts';
import type { Feature } from './records.ts';

const ERROR_LEVEL = 17;
/** A template of more texts is told as one. Source: a guess; names of services are few, those of users many. */
const FEW_TEXTS = 20;
const LEVELS = ['', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** Features by number, in order of first appearance. */
export class Features {
  readonly list: Feature[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #templates = new LogTemplates();

  /** Failures that begin in the service: nobody it called failed. */
  failure(): number {
    return this.#number('failed', () => ({ kind: 'failed', name: '', level: '', text: '', isError: true }));
  }

  call(service: string, operation: string): number {
    const name = `${service} ${operation}`;
    return this.#number(`call ${name}`, () => ({ kind: 'call', name, level: '', text: '', isError: false }));
  }

  /** Numbers of a page's lines: by level and caller, of lines without a caller by service, level and message. */
  ofLines(page: LogTemplateColumns): (i: number) => number {
    const { service, caller, template, severityNumber } = page;
    const [callers, templates] = [caller.dictionary.length, template.dictionary.length];
    const known = new Map<number, number>();
    return (i) => {
      const [a, b, c] = [service.index[i]!, caller.index[i]!, template.index[i]!];
      const key = ((a * callers + b) * templates + c) * 256 + severityNumber[i]!;
      let number = known.get(key);
      if (number === undefined) {
        const place = caller.dictionary[b]!;
        number = this.#log(service.dictionary[a]!, severityNumber[i]!, place, template.dictionary[c]!);
        known.set(key, number);
      }
      return number;
    };
  }

  /**
   * Joins messages that differ in a few words: tells of a number those that stand for it, which are the template's and,
   * where that has few texts, its own: a word that takes few values may be what matters, as the name of who was called.
   * `beyond` are texts that found no room for a template.
   */
  settle(): { standsFor: (number: number) => readonly number[]; beyond: number } {
    const standing = new Map<number, readonly number[]>();
    const { templates, beyond } = this.#templates.settle();
    for (const { template, numbers } of templates) {
      if (numbers.length < 2) continue;
      const joined = this.list.push({ ...this.list[numbers[0]!]!, name: template, text: template }) - 1;
      for (const number of numbers)
        standing.set(number, numbers.length > FEW_TEXTS ? [joined] : [number, joined]);
    }
    return { standsFor: (number) => standing.get(number) ?? [number], beyond };
  }

  #log(service: string, severityNumber: number, caller: string, text: string): number {
    const level = LEVELS[Math.ceil(severityNumber / 4)] ?? '';
    const make = (): Feature => ({
      ...{ kind: 'log', name: caller === '' ? text : caller, level, text },
      isError: severityNumber >= ERROR_LEVEL,
    });
    if (caller !== '') return this.#number(`log ${level} ${caller}`, make);
    return this.#templates.add(`${service}\u0000${level}`, text, () => this.list.push(make()) - 1);
  }

  #number(key: string, make: () => Feature): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.list.push(make()) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}
