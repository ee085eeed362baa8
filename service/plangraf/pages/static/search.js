// Suggestions while somebody types in a search form: the combobox pattern with a list of options,
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/. Without this script the form sends its text as before.

const WAIT_MS = 120;
const SHORTEST = 2;

for (const form of document.querySelectorAll("form[data-suggestions]")) suggest(form);

function suggest(form) {
  const input = form.querySelector("input[type=search]");
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${input.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.querySelector("label").textContent);
  list.hidden = true;
  form.append(list);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false",
  })) input.setAttribute(name, value);

  let active = -1, timer = 0, request = null;

  function close() {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    select(-1);
    input.setAttribute("aria-expanded", "false");
  }

  function select(number) {
    active = number;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === number)));
    const option = list.children[number];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  function show(suggestions) {
    list.replaceChildren(...suggestions.map((suggestion, at) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.dataset.href = suggestion.href;
      const title = document.createElement("span");
      if (suggestion.lang) title.lang = suggestion.lang;
      title.append(...pieces(suggestion.title, suggestion.marks));
      const kind = document.createElement("small");
      kind.textContent = suggestion.code ? `${suggestion.kind} ${suggestion.code}` : suggestion.kind;
      option.append(title, kind);
      return option;
    }));
    list.hidden = !suggestions.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    select(-1);
  }

  async function ask() {
    const text = input.value.trim();
    if (text.length < SHORTEST) return close();
    request?.abort();
    request = new AbortController();
    const query = new URLSearchParams({ q: text, lang: document.documentElement.lang });
    try {
      const response = await fetch(`${form.dataset.suggestions}?${query}`, { signal: request.signal });
      if (response.ok && document.activeElement === input) show((await response.json()).suggestions);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    const number = list.children.length;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) return void ask();
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      select(active < 0 && step < 0 ? number - 1 : ((active + 1 + step + number + 1) % (number + 1)) - 1);
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      location.assign(list.children[active].dataset.href);
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.href);
  });
  input.addEventListener("blur", close);
}

// The text in pieces, those that were found in a mark; places count code points.
function pieces(text, marks) {
  const letters = [...text];
  const found = [];
  let at = 0;
  for (const [start, end] of marks) {
    const mark = document.createElement("mark");
    mark.textContent = letters.slice(start, end).join("");
    found.push(letters.slice(at, start).join(""), mark);
    at = end;
  }
  found.push(letters.slice(at).join(""));
  return found;
}
