# Run in the image: matplotlib takes what its usual typeface has not from the one of apt.txt. ~/.config/matplotlib has the
# last word.
set -e
sed -i 's/^#font.family:.*/font.family: sans-serif, WenQuanYi Micro Hei/' \
    /usr/local/lib/python3.13/dist-packages/matplotlib/mpl-data/matplotlibrc
grep -q '^font.family: sans-serif, Wen' /usr/local/lib/python3.13/dist-packages/matplotlib/mpl-data/matplotlibrc
