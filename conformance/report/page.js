'use strict'
document.documentElement.classList.add('scripted')
addEventListener('DOMContentLoaded', () => {
  const all = selector => [...document.querySelectorAll(selector)]
  const boxes = all('.filter [type=checkbox]'), text = document.getElementById('text'), shown = document.getElementById('shown')
  const rows = all('[data-kind]'), announcement = document.getElementById('announcement')
  const chosen = name => boxes.filter(box => box.name === name && box.checked).map(box => box.value)

  // What is chosen stands in the address, so that a link shows the same.
  const filter = remember => {
    const status = chosen('status'), family = chosen('family'), words = text.value.trim().toLowerCase()
    const counts = new Map()
    for (const row of rows) {
      const fits = (!status.length || status.includes(row.dataset.status)) &&
        (!family.length || row.dataset.family.trim().split(' ').some(name => family.includes(name))) &&
        (!words || row.textContent.toLowerCase().includes(words))
      row.hidden = !fits
      const [there, of] = counts.get(row.dataset.kind) ?? [0, 0]
      counts.set(row.dataset.kind, [there + fits, of + 1])
    }
    for (const body of all('.rules tbody')) body.hidden = !body.querySelector('[data-kind]:not([hidden])')
    shown.textContent = [...counts].map(([kind, [there, of]]) => `${there} of ${of} ${kind}${of === 1 ? '' : 's'}`).join(', ')
    if (!remember) return
    const state = new URLSearchParams()
    if (status.length) state.set('status', status.join(','))
    if (family.length) state.set('family', family.join(','))
    if (words) state.set('text', text.value.trim())
    history.replaceState(null, '', '#' + state)
  }

  // The address names either what is chosen or a place, and what is hidden or folded there is shown.
  const follow = () => {
    const fragment = location.hash.slice(1)
    if (fragment.includes('=')) {
      const state = new URLSearchParams(fragment)
      for (const box of boxes) box.checked = (state.get(box.name) ?? '').split(',').includes(box.value)
      text.value = state.get('text') ?? ''
      return filter(false)
    }
    const place = document.querySelector(':target')
    if (place?.closest('[hidden]')) reset()
    for (let e = place; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true
    place?.scrollIntoView()
  }
  const reset = () => {
    for (const box of boxes) box.checked = false
    text.value = ''
    filter(false)
  }

  if (text) {
    for (const box of boxes) box.addEventListener('change', () => filter(true))
    text.addEventListener('input', () => filter(true))
    document.getElementById('all').addEventListener('click', () => { reset(); filter(true) })
    addEventListener('hashchange', follow)
    filter(false)
    follow()
  }

  // A page from a file may not write to the clipboard everywhere: then the command is selected.
  document.addEventListener('click', async event => {
    const button = event.target.closest('.copy')
    if (!button) return
    const command = button.closest('.curl').querySelector('code')
    try {
      await navigator.clipboard.writeText(command.textContent)
      button.textContent = announcement.textContent = 'Copied'
    } catch {
      command.closest('.curl > details')?.setAttribute('open', '')
      getSelection().selectAllChildren(command)
      button.textContent = announcement.textContent = 'Selected'
    }
  })

  let folded = []
  addEventListener('beforeprint', () => {
    folded = all('details:not([open])')
    for (const one of folded) one.open = true
  })
  addEventListener('afterprint', () => { for (const one of folded) one.open = false })
})
