// Text from the server is inserted as text, never as HTML, so it cannot become a tag or a script.
const form = document.querySelector("#order");
const rows = document.querySelector("#products");
const answer = document.querySelector("#answer");

let money;
const price = (cents) => money.format(cents / 100);

// The stock is shown when it arrives, so that the page does not wait for it.
async function showStock(cell, product) {
  const response = await fetch(`/products/${product.id}`);
  const { stock } = response.ok ? await response.json() : {};
  cell.textContent = stock ?? "not known";
}

function row(product) {
  const tr = document.createElement("tr");
  const stock = document.createElement("span");
  showStock(stock, product).catch(() => (stock.textContent = "not known"));
  const pieces = document.createElement("input");
  Object.assign(pieces, { type: "number", name: product.id, min: 0, max: 100, value: 0 });
  pieces.setAttribute("aria-label", `Pieces of ${product.name}`);
  for (const content of [product.name, price(product.price_cents), stock, pieces]) {
    tr.insertCell().append(content);
  }
  return tr;
}

// The id finds this request in the logs of the storefront, of payments and of the inventory.
function show(text, response) {
  answer.textContent = `${text}\nRequest ${response.headers.get("x-request-id")}`;
}

async function order(event) {
  event.preventDefault();
  const items = [...rows.querySelectorAll("input")]
    .map((input) => ({ product_id: input.name, quantity: Number(input.value) }))
    .filter((item) => item.quantity > 0);
  const response = await fetch("/orders", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: form.elements.email.value, items }),
  });
  const body = await response.json();
  if (response.ok) {
    show(`Thank you! ${price(body.total_cents)} charged for order ${body.id}.`, response);
  } else {
    const details = (body.errors ?? []).map((error) => `${error.pointer}: ${error.detail}`);
    show([body.detail, ...details].join("\n"), response);
  }
}

export async function open({ currency }) {
  money = new Intl.NumberFormat(undefined, { style: "currency", currency });
  form.addEventListener("submit", (event) =>
    order(event).catch(() => (answer.textContent = "The shop is unreachable.")),
  );
  const response = await fetch("/products");
  rows.append(...(await response.json()).products.map(row));
}
