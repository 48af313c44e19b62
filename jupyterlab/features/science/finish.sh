# Run in the image: matplotlib takes letters that its usual typeface has not from the one of apt.txt. What somebody sets
# in ~/.config/matplotlib goes before it.
set -e
sed -i 's/^#font.family:.*/font.family: sans-serif, WenQuanYi Micro Hei/' \
    /usr/local/lib/python3.13/dist-packages/matplotlib/mpl-data/matplotlibrc
grep -q '^font.family: sans-serif, Wen' /usr/local/lib/python3.13/dist-packages/matplotlib/mpl-data/matplotlibrc
