// Without this file everything still works: the forms then show their own buttons.
document.addEventListener('change', function (event) {
  if (event.target.matches('[data-autosubmit]')) event.target.form.requestSubmit();
  var updated = event.target.dataset.updates;
  if (updated) event.target.form.requestSubmit(event.target.form.querySelector('[formaction="' + updated + '"]'));
});

document.addEventListener('submit', function (event) {
  var form = event.target, chosen = form.matches('[data-adds-to-cart]') && form.querySelector('[data-item]:checked');
  if (!chosen || !window.storehouse) return;
  var item = JSON.parse(chosen.dataset.item);
  item.quantity = Number(form.elements.quantity.value);
  window.storehouse('event', 'add_to_cart', {
    items: [item], value: item.price * item.quantity, currency: form.dataset.addsToCart
  });
});
