// Faults that people make: shell recipes with ip, iptables, nft, kubectl, kill and edited files, none of them known to the lab.

export function byHandCases(cni) {
  return RECIPES.filter(({ needs }) => needs === undefined || needs === cni).map(
    ({ title, recipe, ask = [], expected }) => ({
      title,
      put: (lab) => lab.shell(recipe),
      asks: [{ args: ask, expected }],
    }),
  )
}

const RECIPES = []
