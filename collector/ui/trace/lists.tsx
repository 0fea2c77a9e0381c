import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount, formatDuration, formatTime, nanoToMs } from '../format.ts';
import { Level } from '../parts/level.tsx';
import { EmptyBody } from '../parts/table-states.tsx';
import { NO_ERROR, type TraceLogs, type TraceModel, textOf } from './model.ts';

/** Rows that a list shows at first and adds with each "Load more": plain tables of thousands of rows are slow. */
const STEP = 200;

interface SpanButtonProps {
  children: ComponentChildren;
  span: number;
  onSelect: (span: number) => void;
}

function SpanButton({ children, span, onSelect }: SpanButtonProps) {
  return (
    <button type="button" class="lk" onClick={() => onSelect(span)}>
      {children}
    </button>
  );
}

function More({
  shown,
  all,
  what,
  onMore,
}: {
  shown: number;
  all: number;
  what: string;
  onMore: () => void;
}) {
  return (
    <p class="s t2 ft">
      {formatCount(shown)} of {formatCount(all)} {what} shown.{' '}
      {shown < all ? (
        <button type="button" class="lk" onClick={onMore}>
          Load {Math.min(STEP, all - shown)} more
        </button>
      ) : null}
    </p>
  );
}

interface SpanTableProps {
  model: TraceModel;
  selected: number;
  onSelect: (span: number) => void;
}

/** The spans as a plain table, in the order of the waterfall. */
export function SpanTable({ model, selected, onSelect }: SpanTableProps) {
  const [most, setMost] = useState(STEP);
  const { order, depth, count } = model.tree;
  return (
    <div class="lst">
      <table class="spans">
        <thead>
          <tr>
            <th>Span</th>
            <th>Service</th>
            <th class="num">Start</th>
            <th class="num">Duration</th>
            <th class="num hide-m">Self</th>
            <th class="num hide-m">On critical path</th>
            <th>Error</th>
          </tr>
        </thead>
        <tbody>
          {Array.from(order.subarray(0, most), (span) => (
            <tr key={span} class={span === selected ? 'selrow' : undefined}>
              <td class="wrap" style={{ paddingLeft: `${Math.min(depth[span]!, 12) * 12}px` }}>
                <SpanButton span={span} onSelect={onSelect}>
                  {textOf(model.label, span) || 'unnamed'}
                </SpanButton>
              </td>
              <td class="s t2">{textOf(model.service, span)}</td>
              <td class="num">+{formatDuration(model.start[span]!)}</td>
              <td class="num">{formatDuration(model.duration[span]!)}</td>
              <td class="num hide-m">{formatDuration(model.self[span]!)}</td>
              <td class="num hide-m">{model.onPath[span]! > 0 ? formatDuration(model.onPath[span]!) : ''}</td>
              <td class="s err">{model.error[span] === NO_ERROR ? '' : 'error'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <More shown={Math.min(most, count)} all={count} what="spans" onMore={() => setMost(most + STEP)} />
    </div>
  );
}

interface LogListProps {
  model: TraceModel;
  logs: TraceLogs;
  matched: number;
  onSelect: (span: number) => void;
}

/** All log lines of the trace in order of time. */
export function LogList({ model, logs, matched, onSelect }: LogListProps) {
  const [most, setMost] = useState(STEP);
  const shown = Math.min(most, logs.lines.length);
  return (
    <div class="lst">
      <table>
        <thead>
          <tr>
            <th>Time</th>
            <th class="num hide-m">After start</th>
            <th>Level</th>
            <th class="hide-m">Service</th>
            <th>Line</th>
            <th>Span</th>
          </tr>
        </thead>
        {logs.lines.length === 0 ? (
          <EmptyBody columns={6}>
            No log lines carry this trace's id. Lines are joined by their fields trace_id and span_id.
          </EmptyBody>
        ) : (
          <tbody>
            {logs.lines.slice(0, most).map((line, k) => {
              const span = logs.span[k]!;
              return (
                <tr key={k}>
                  <td class="mono s t2 nw">{formatTime(nanoToMs(line.timeUnixNano), 'milli')}</td>
                  <td class="num s t2 hide-m">+{formatDuration(logs.atMs[k]!)}</td>
                  <td class="s">
                    <Level {...line} />
                  </td>
                  <td class="s t2 hide-m">{line.service}</td>
                  <td class="mono s wrap">{line.body}</td>
                  <td class="s">
                    {span < 0 ? (
                      <span class="t3">not stored</span>
                    ) : (
                      <SpanButton span={span} onSelect={onSelect}>
                        {textOf(model.label, span)}
                      </SpanButton>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        )}
      </table>
      <More
        shown={shown}
        all={Math.max(matched, shown)}
        what="log lines"
        onMore={() => setMost(most + STEP)}
      />
    </div>
  );
}
