# SPDX-License-Identifier: GPL-2.0
"""A few SVG elements as text: what the plots need and no more."""

import html

FONT = "font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\""

# Drawn over the colour of a block; the pattern space is the page's, so a texture
# runs on through neighbouring rows.
TEXTURES = """<defs>
<pattern id="slash" width="6" height="6" patternUnits="userSpaceOnUse">
<path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5" stroke="#000" stroke-opacity=".55" stroke-width="1"/>
</pattern>
<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">
<circle cx="1.5" cy="1.5" r="1.1" fill-opacity=".6"/><circle cx="4.5" cy="4.5" r="1.1"
fill-opacity=".6"/></pattern>
<pattern id="cross" width="6" height="6" patternUnits="userSpaceOnUse">
<path d="M0 0L6 6M6 0L0 6" stroke="#000" stroke-opacity=".55" stroke-width="1"/></pattern>
<pattern id="bars" width="4" height="4" patternUnits="userSpaceOnUse">
<path d="M1 0V4" stroke="#000" stroke-opacity=".6" stroke-width="1.2"/></pattern>
</defs>"""


def mix(light, dark, share):
    """Colour between two '#rrggbb', `share` of the way to the dark one."""
    def channel(i):
        a, b = int(light[i:i + 2], 16), int(dark[i:i + 2], 16)
        return round(a + (b - a) * share)
    return "#" + "".join(f"{channel(i):02x}" for i in (1, 3, 5))


def number(value):
    """Short text of a coordinate."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Canvas:
    """Elements in drawing order."""

    def __init__(self, width, height):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
                      f'height="{height}" viewBox="0 0 {width} {height}" {FONT} '
                      'font-size="13">',
                      '<rect width="100%" height="100%" fill="#fff"/>']

    def texture_defs(self):
        """Patterns that rects() can fill with: url(#slash), dots, cross, bars."""
        self.parts.append(TEXTURES)

    def rects(self, rects, fill):
        """Any number of (x, y, width, height) of one colour, as one path."""
        path = "".join(f"M{number(x)} {number(y)}h{number(w)}v{number(h)}h{number(-w)}z"
                       for x, y, w, h in rects)
        self.parts.append(f'<path d="{path}" fill="{fill}" shape-rendering="crispEdges"/>')

    def frame(self, x, y, width, height):
        """An outline."""
        self.parts.append(f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
                          f'height="{number(height)}" fill="none" stroke="#000"/>')

    def line(self, x0, y0, x1, y1, stroke="#000", dash=None):
        """A thin line."""
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="M{number(x0)} {number(y0)}L{number(x1)} {number(y1)}" '
                          f'stroke="{stroke}"{extra}/>')

    def polyline(self, points, stroke, dash=None):
        """A curve."""
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{stroke}" '
                          f'stroke-width="1.8"{extra}/>')

    def triangle(self, x, y):
        """A small mark that stands on y."""
        self.parts.append(f'<path d="M{number(x - 4)} {number(y)}h8l-4 -8z" fill="#c04f00" '
                          'stroke="#000" stroke-width=".6"/>')

    def text(self, x, y, words, anchor="start", size=None, weight=None, style=None, turn=0):
        """Words; `turn` in degrees about the place."""
        extra = f' font-size="{size}"' if size else ""
        extra += f' font-weight="{weight}"' if weight else ""
        extra += f' font-style="{style}"' if style else ""
        if turn:
            extra += f' transform="rotate({turn} {number(x)} {number(y)})"'
        self.parts.append(f'<text x="{number(x)}" y="{number(y)}" text-anchor="{anchor}"{extra}>'
                          f'{html.escape(words)}</text>')

    def finish(self):
        """The document."""
        return "\n".join(self.parts + ["</svg>"]) + "\n"
