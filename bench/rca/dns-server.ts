import { createSocket } from 'node:dgram';

export interface DnsServer {
  /** HOST:PORT of 127.0.0.1, UDP. */
  address: string;
  /** From now on the names do not exist. */
  forget(): void;
  stop(): Promise<void>;
}

const HEADER_BYTES = 12;
const TYPE_A = 1;
/** Answer, recursion available; with or without the code for "no such name". Source: RFC 1035, section 4.1.1. */
const FLAGS = { found: 0x8180, noName: 0x8183 };

/** A name server that answers every name with 127.0.0.1, kept for no time, until it is told to forget them. */
export async function startDnsServer(): Promise<DnsServer> {
  let known = true;
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const answer = answerOf(query, known);
    if (answer) socket.send(answer, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    forget: () => {
      known = false;
    },
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** The answer to a query of one name; undefined when it is none. */
export function answerOf(query: Buffer, known: boolean): Buffer | undefined {
  const end = endOfQuestion(query);
  if (end === undefined) return undefined;
  const question = query.subarray(HEADER_BYTES, end);
  const isA = question.readUInt16BE(question.length - 4) === TYPE_A;
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(known ? FLAGS.found : FLAGS.noName, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(known && isA ? 1 : 0, 6);
  // The name by reference to the question, type A, class IN, kept 0 s, 4 bytes.
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([header, question, ...(known && isA ? [record] : [])]);
}

/** Where the first question ends: its labels, a zero, type and class. */
function endOfQuestion(query: Buffer): number | undefined {
  let at = HEADER_BYTES;
  while (at < query.length && query[at] !== 0) at += 1 + query[at]!;
  return at + 5 <= query.length ? at + 5 : undefined;
}
