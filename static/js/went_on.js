// An address of a comment that went on in another review leads there. Without this file the comment's line has the link.
const line = document.getElementById(window.location.hash.slice(1));
const link = line?.querySelector(":scope > [data-went-on]");
if (link) window.location.replace(link.href);
