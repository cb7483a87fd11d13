// Without this file everything still works: the forms then show their own buttons.
document.addEventListener('change', function (event) {
  if (event.target.matches('[data-autosubmit]')) event.target.form.requestSubmit();
});
