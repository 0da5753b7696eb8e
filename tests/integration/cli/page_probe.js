// SPDX-License-Identifier: Apache-2.0
// Added to a page by html_pages_test.py: looks at the page as it is laid out and tells the frame around it what it saw, as JSON.

// Red, green, blue and opacity of a computed colour.
function channels(colour) {
  const numbers = (colour.match(/[\d.]+/g) || []).map(Number);
  return numbers.length === 3 ? [...numbers, 1] : numbers;
}

// WCAG 2.1: relative luminance, contrast.
function luminance(rgb) {
  const [r, g, b] = rgb.slice(0, 3).map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function groundOf(element) {
  const painted = element.closest("svg")?.querySelector("rect.ground");
  if (painted) {
    return channels(getComputedStyle(painted).fill);
  }
  for (let at = element; at; at = at.parentElement) {
    const colour = channels(getComputedStyle(at).backgroundColor);
    if (colour[3] === 1) {
      return colour;
    }
  }
  return [255, 255, 255, 1];
}

function hasText(element) {
  return [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
}

function box(element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x, y, width, height };
}

function probe() {
  const texts = [...document.body.querySelectorAll("*")].filter((e) => hasText(e) && !["TITLE", "STYLE", "SCRIPT"].includes(e.tagName.toUpperCase()));
  const colour = (e) => (e instanceof SVGElement ? getComputedStyle(e).fill : getComputedStyle(e).color);
  const faint = texts.filter((e) => contrast(channels(colour(e)), groundOf(e)) < 4.5).map((e) => e.textContent.trim());
  const shapes = {};
  for (const shape of document.querySelectorAll("svg polyline, svg circle, svg rect, svg line")) {
    const name = `${shape.tagName}.${shape.getAttribute("class")}`;
    const style = getComputedStyle(shape);
    const paint = style.fill !== "none" && shape.tagName !== "line" ? style.fill : style.stroke;
    (shapes[name] ||= []).push({ ...box(shape), contrast: contrast(channels(paint), groundOf(shape)), colour: channels(paint) });
  }
  return {
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    width: innerWidth,
    pageWidth: document.documentElement.scrollWidth,
    requests: performance.getEntriesByType("resource").map((entry) => entry.name),
    smallestText: Math.min(...texts.map((e) => parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM?.()?.a ?? 1))),
    cut: [...document.querySelectorAll("td, th, p, h1, h2, li")].filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent.trim()),
    uneven: [...document.querySelectorAll("table")].filter((t) => new Set([...t.rows].map((r) => r.cells.length)).size !== 1).map((t) => t.textContent),
    faint,
    shapes,
    plots: [...document.querySelectorAll("body svg")].map(box),
    first: document.body.querySelector("h1").textContent,
    headings: [...document.querySelectorAll("h2")].map((e) => e.textContent),
  };
}

addEventListener("load", () => {
  const seen = JSON.stringify(probe());
  (document.querySelector("svg.steps") || document.body).scrollIntoView();
  parent.postMessage(seen, "*");
});
