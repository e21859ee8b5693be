// SPDX-License-Identifier: MIT

/** A file of a data set, with the SHA-256 of its content, as it is published (gzip) or unpacked. */
export interface PublishedFile {
  name: string;
  sha256: string;
}

/** A data set in idx files that can be downloaded. */
export interface PublishedSet {
  /** How errors call it. */
  title: string;
  /** Its folder where cresset keeps data sets, and the one where torchvision does. */
  folders: readonly [own: string, torchvision: string];
  /** Base addresses, tried in this order. */
  mirrors: readonly string[];
  classes: readonly string[];
  files: Record<'train' | 'test', { images: PublishedFile; labels: PublishedFile }>;
}

function files(trainImages: string, trainLabels: string, testImages: string, testLabels: string) {
  const pair = (part: string, images: string, labels: string) => ({
    images: { name: `${part}-images-idx3-ubyte`, sha256: images },
    labels: { name: `${part}-labels-idx1-ubyte`, sha256: labels },
  });
  return { train: pair('train', trainImages, trainLabels), test: pair('t10k', testImages, testLabels) };
}

/** LeCun et al. 1998. */
const mnist: PublishedSet = {
  title: 'MNIST',
  folders: ['mnist', 'MNIST/raw'],
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  files: files(
    'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  ),
};

/** Xiao, Rasul & Vollgraf 2017, https://github.com/zalandoresearch/fashion-mnist. */
const fashionMnist: PublishedSet = {
  title: 'FashionMNIST',
  folders: ['fashion-mnist', 'FashionMNIST/raw'],
  mirrors: [
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
  ],
  classes: ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  files: files(
    '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
  ),
};

export const published = { mnist, fashionMnist } as const;
