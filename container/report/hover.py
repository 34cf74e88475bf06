"""The page's only program: the values of a chart's lines at the place under the pointer."""

SCRIPT = """
for (const plot of document.querySelectorAll('svg[data-hover]')) {
  const data = JSON.parse(plot.dataset.hover), space = 'http://www.w3.org/2000/svg';
  const cross = document.createElementNS(space, 'line'), box = document.createElement('div');
  cross.setAttribute('class', 'cross'); cross.setAttribute('y1', 0);
  cross.setAttribute('y2', plot.getAttribute('height'));
  box.className = 'values'; box.hidden = true;
  const nearest = (points, at) => points.reduce((best, one) =>
    Math.abs(one[0] - at) < Math.abs(best[0] - at) ? one : best);
  plot.addEventListener('pointermove', event => {
    const frame = plot.getBoundingClientRect(), at = (event.clientX - frame.left) / frame.width;
    if (at < -0.02 || at > 1.02 || !data.x.length) return leave();
    const [place, title] = nearest(data.x, at);
    cross.setAttribute('x1', place * 100 + '%'); cross.setAttribute('x2', place * 100 + '%');
    plot.append(cross); document.body.append(box);
    box.replaceChildren(title);
    for (const line of data.lines) {
      if (!line.at.length) continue;
      const row = document.createElement('div'), dot = document.createElement('i');
      dot.className = 'dot ' + line.colour;
      row.append(dot, [line.name, nearest(line.at, place)[1]].filter(Boolean).join(' '));
      box.append(row);
    }
    box.hidden = false;
    const left = frame.left + place * frame.width + 12;
    box.style.left = (left + box.offsetWidth > innerWidth - 8 ? left - box.offsetWidth - 24 : left) + scrollX + 'px';
    box.style.top = event.clientY + scrollY - 12 + 'px';
  });
  const leave = () => { cross.remove(); box.hidden = true; };
  plot.addEventListener('pointerleave', leave);
}
"""
