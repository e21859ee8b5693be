// SPDX-License-Identifier: MIT

/** A column of {@link renderTable}. */
export interface Column {
  title: string;
  align: 'left' | 'right' | 'center';
  /** Wanted width of the text. */
  width: number;
}

/** @internal Python's `round`: ties go to the even number. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** Widths with one blank at each side, made smaller by equal shares until they and the borders fit. */
function fitWidths(wanted: readonly number[], total: number): number[] {
  let excess = wanted.reduce((sum, width) => sum + width + 2, 0) - (total - wanted.length - 1);
  return wanted.map((width, i) => {
    const share = Math.min(width + 2, roundHalfEven(Math.max(excess, 0) / (wanted.length - i)));
    excess -= share;
    return width + 2 - share;
  });
}

/** Lines of at most `width`, broken between words; a longer word is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [word] of text.matchAll(/\s*\S+\s*/g)) {
    if (line !== '' && line.length + word.trimEnd().length > width) {
      lines.push(line);
      line = '';
    }
    line += word;
  }
  return [...lines, line]
    .map((part) => part.trimEnd())
    .map((part) => (part.length > width ? `${part.slice(0, width - 1)}…` : part));
}

function pad(text: string, width: number, align: Column['align']): string {
  const room = width - text.length;
  const left = align === 'left' ? 0 : align === 'right' ? room : Math.floor(room / 2);
  return ' '.repeat(left) + text + ' '.repeat(room - left);
}

/** A table with box-drawing borders and a heavy head, `total` characters wide, as Python's rich draws it. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], total: number): string {
  const widths = fitWidths(
    columns.map((column) => column.width),
    total,
  );
  const border = (left: string, line: string, cross: string, right: string) =>
    left + widths.map((width) => line.repeat(width)).join(cross) + right;
  const row = (cells: readonly string[], bar: string) => {
    const wrapped = cells.map((cell, i) => wrap(cell, (widths[i] as number) - 2));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, k) => {
      const texts = columns.map(({ align }, i) => ` ${pad(wrapped[i]?.[k] ?? '', (widths[i] as number) - 2, align)} `);
      return bar + texts.join(bar) + bar;
    });
  };
  const separator = border('├', '─', '┼', '┤');
  const body = rows.flatMap((cells, i) => [...(i > 0 ? [separator] : []), ...row(cells, '│')]);
  const head = row(
    columns.map((column) => column.title),
    '┃',
  );
  return [border('┏', '━', '┳', '┓'), ...head, border('┡', '━', '╇', '┩'), ...body, border('└', '─', '┴', '┘')].join(
    '\n',
  );
}
