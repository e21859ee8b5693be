// SPDX-License-Identifier: MIT

/** A line drawn in one go, as x, y pairs; both run from 0 to 1 over the glyph's box, y downwards. */
export type Stroke = readonly number[];

/** Points of an ellipse's arc, from one angle to another in degrees, clockwise from three o'clock. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): number[] {
  const steps = Math.max(2, Math.round(Math.abs(to - from) / 30));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  }).flat();
}

/** For each digit the ways to write it, each a list of strokes. */
export const glyphs: readonly (readonly (readonly Stroke[])[])[] = [
  [[arc(0.5, 0.5, 0.3, 0.42, -90, 270)]],
  [[[0.55, 0.08, 0.5, 0.92]], [[0.34, 0.28, 0.54, 0.08, 0.54, 0.92]]],
  [[[...arc(0.5, 0.32, 0.27, 0.24, -160, 50), 0.22, 0.9, 0.8, 0.9]]],
  [[[...arc(0.46, 0.29, 0.25, 0.21, -150, 90), ...arc(0.46, 0.7, 0.3, 0.21, -90, 150)]]],
  [
    [[0.66, 0.92, 0.66, 0.08, 0.18, 0.64, 0.86, 0.64]],
    [
      [0.26, 0.1, 0.22, 0.52, 0.74, 0.52],
      [0.74, 0.12, 0.7, 0.92],
    ],
  ],
  [[[0.78, 0.1, 0.34, 0.1, 0.29, 0.46, ...arc(0.47, 0.66, 0.29, 0.24, -110, 140)]]],
  [[[0.66, 0.08, 0.38, 0.36, ...arc(0.5, 0.68, 0.26, 0.23, -170, 190)]]],
  [
    [[0.2, 0.1, 0.8, 0.1, 0.42, 0.92]],
    [
      [0.2, 0.1, 0.8, 0.1, 0.42, 0.92],
      [0.36, 0.52, 0.72, 0.52],
    ],
  ],
  [[arc(0.5, 0.29, 0.22, 0.2, 90, 450), arc(0.5, 0.7, 0.27, 0.22, -90, 270)]],
  [[[...arc(0.5, 0.32, 0.25, 0.23, 0, 360), 0.74, 0.6, 0.62, 0.92]]],
];
