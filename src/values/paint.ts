// Colour, handed to whatever writes for people. Without a terminal it is `plain`, which paints nothing.
export type Paint = Readonly<Record<'good' | 'warning' | 'bad' | 'dim' | 'strong', (text: string) => string>>;

const same = (text: string): string => text;
export const plain: Paint = { good: same, warning: same, bad: same, dim: same, strong: same };
