// The script of every page: tabs, copying, and running a tool. It talks to this server alone, keeps a key only in its field, and
// writes what came back as text, never as HTML.
"use strict";

const REVISION = "2026-07-28";

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// --- copying -----------------------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(document.getElementById(button.dataset.copies));
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = said; }, 1500);
  });
}

// --- tabs: without this script every tab is a section below the other ---------------------------------------------------------

for (const tabs of document.querySelectorAll(".tabs")) {
  const panels = [...tabs.querySelectorAll(".tab")];
  const list = element("div", { className: "tablist", role: "tablist" });
  list.setAttribute("aria-label", "Hosts");
  const buttons = panels.map((panel) => {
    const heading = panel.querySelector("h3");
    const button = element("button", { type: "button", role: "tab", id: `${panel.id}-tab` }, heading.textContent);
    button.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    heading.hidden = true;
    list.append(button);
    return button;
  });
  const choose = (chosen) => buttons.forEach((button, at) => {
    button.setAttribute("aria-selected", String(at === chosen));
    button.tabIndex = at === chosen ? 0 : -1;
    panels[at].hidden = at !== chosen;
  });
  list.addEventListener("click", (event) => {
    const at = buttons.indexOf(event.target);
    if (at >= 0) choose(at);
  });
  list.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    const from = buttons.indexOf(document.activeElement) + steps[event.key];
    const at = Number.isFinite(from) ? (from + buttons.length) % buttons.length : from < 0 ? 0 : buttons.length - 1;
    choose(at);
    buttons[at].focus();
    event.preventDefault();
  });
  tabs.prepend(list);
  choose(Math.max(0, panels.findIndex((panel) => `#${panel.id}` === location.hash)));
}

// --- trying a tool -----------------------------------------------------------------------------------------------------------

const READERS = {
  whole: Number,
  number: Number,
  yes_no: (text) => text === "true",
  lines: (text) => text.split("\n").map((line) => line.trim()).filter(Boolean),
  json: JSON.parse,
};

function argumentsOf(form) {
  const found = {};
  for (const field of form.querySelectorAll("[data-kind]")) {
    if (field.value.trim() === "") continue;
    try {
      found[field.name] = (READERS[field.dataset.kind] ?? String)(field.value);
    } catch {
      field.setCustomValidity("This is not JSON.");
      field.reportValidity();
      field.setCustomValidity("");
      return null;
    }
  }
  return found;
}

function requestOf(tool, values, version) {
  return {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name: tool,
      arguments: values,
      _meta: {
        progressToken: "page",
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { name: "flintt-mcp-page", version },
      },
    },
  };
}

async function* messagesOf(response) {
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    yield await response.json();
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (waiting + value).replaceAll("\r\n", "\n").split("\n\n");
    waiting = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
      if (data.length && data.join("") !== "") yield JSON.parse(data.join("\n"));
    }
  }
}

function shown(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function tableOf(name, columns, rows) {
  const head = element("tr", {}, ...columns.map((column) => element("th", { scope: "col" }, column)));
  const body = rows.map((row) => element("tr", {}, ...row.map((value) =>
    element("td", { className: typeof value === "number" ? "number" : "" }, shown(value)))));
  const caption = element("caption", {}, `${name}: ${rows.length}`);
  const table = element("table", {}, caption, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { className: "wide", tabIndex: 0 }, table);
}

function isRows(value) {
  return Array.isArray(value) && value.length > 0 && value.every((row) => row && typeof row === "object" && !Array.isArray(row));
}

function structuredParts(structured) {
  const parts = [];
  const single = [];
  for (const [name, value] of Object.entries(structured)) {
    if (name === "rows" && Array.isArray(structured.columns)) parts.push(tableOf("rows", structured.columns, value));
    else if (name === "columns" && Array.isArray(structured.rows)) continue;
    else if (isRows(value)) {
      const columns = [...new Set(value.flatMap((row) => Object.keys(row)))];
      parts.push(tableOf(name, columns, value.map((row) => columns.map((column) => row[column]))));
    } else if (value && typeof value === "object" && !Array.isArray(value)) {
      if (Array.isArray(value.columns) && Array.isArray(value.rows)) parts.push(tableOf(name, value.columns, value.rows));
      else parts.push(tableOf(name, ["field", "value"], Object.entries(value)));
    } else single.push([name, value]);
  }
  if (single.length) parts.push(tableOf("also told", ["field", "value"], single));
  return parts;
}

function withLinks(text) {
  // Only addresses of this server become links: everything else in a result is data.
  const parts = text.split(new RegExp(`(${location.origin.replaceAll(".", "\\.")}/[^\\s"'<>]+)`));
  return parts.map((part, at) => (at % 2 ? element("a", { href: part, target: "_blank", rel: "noopener" }, part) : part));
}

function show(result, place) {
  const text = (result.content ?? []).filter((part) => part.type === "text").map((part) => part.text).join("\n");
  const parts = result.structuredContent ? structuredParts(result.structuredContent) : [];
  if (result.isError || parts.length === 0) {
    parts.unshift(element("p", { className: result.isError ? "said failed" : "said" }, ...withLinks(text)));
  }
  place.replaceChildren(...parts);
}

function tries(form) {
  const at = (id) => document.getElementById(id);
  const [state, progress, place, stop] = [at("state"), at("progress"), at("result"), at("stop")];
  const button = form.querySelector("[type=submit]");

  function take(message) {
    at("received").textContent += `${JSON.stringify(message, null, 2)}\n`;
    if (message.method === "notifications/progress") {
      const { progress: done, total, message: said } = message.params;
      if (total) Object.assign(progress, { max: total, value: done });
      state.textContent = said ?? `Working: ${done}${total ? ` of ${total}` : ""}`;
    } else if (message.error) {
      state.textContent = "The server refused the request.";
      place.replaceChildren(element("p", { className: "said failed" }, message.error.message));
    } else if (message.result) {
      state.textContent = message.result.isError ? "It did not work." : "Done.";
      show(message.result, place);
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    const values = argumentsOf(form);
    if (values === null) return;
    const request = requestOf(form.dataset.tool, values, form.dataset.version);
    const headers = {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": REVISION,
      "Mcp-Method": "tools/call",
      "Mcp-Name": form.dataset.tool,
    };
    const key = at("key");
    if (key && (key.value || key.dataset.published)) headers[form.dataset.header] = key.value.trim() || key.dataset.published;
    const leaving = new AbortController();
    stop.onclick = () => leaving.abort();
    at("messages").hidden = false;
    at("sent").textContent = JSON.stringify(request, null, 2);
    at("received").textContent = "";
    place.replaceChildren();
    progress.removeAttribute("value");
    progress.hidden = stop.hidden = false;
    button.disabled = true;
    state.textContent = "Working ...";
    try {
      const options = { method: "POST", headers, body: JSON.stringify(request), signal: leaving.signal, credentials: "omit" };
      for await (const message of messagesOf(await fetch(form.dataset.endpoint, options))) take(message);
    } catch (error) {
      state.textContent = leaving.signal.aborted
        ? "Stopped. A write that was on its way may have been done."
        : `No answer from the server: ${error.message}`;
    } finally {
      progress.hidden = stop.hidden = true;
      button.disabled = false;
    }
  });
}

const form = document.getElementById("try");
if (form) tries(form);
